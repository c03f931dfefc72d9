"""VGGish: the frozen AudioSet embedding of one log-mel example (Hershey et al. 2017, as COMBO uses it)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from model.audio.encoder import AudioEncoder

EMBEDDING = 128
"""Channels of the embedding."""


def _convolutions(plan: list[int | str]) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 1
    for step in plan:
        if isinstance(step, int):
            layers += [nn.Conv2d(channels, step, 3, padding=1), nn.ReLU(inplace=True)]
            channels = step
        else:
            layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


class VGGish(AudioEncoder):
    """Six convolutions and three linear layers, ReLU after every one; 72 141 184 parameters, all frozen."""

    width = EMBEDDING
    is_frozen = True
    hidden = 4096
    """Channels between the linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.features = _convolutions([64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool"])
        widths = [512 * 6 * 4, self.hidden, self.hidden, EMBEDDING]
        self.embeddings = nn.Sequential(
            *[
                layer
                for before, after in pairwise(widths)
                for layer in (nn.Linear(before, after), nn.ReLU(inplace=True))
            ]
        )
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, log_mel: Tensor) -> Tensor:
        """(N, 1, 96, 64) log-mel examples, time by mel band, to (N, 128)."""
        maps = self.features(log_mel)
        # The AudioSet weights were made for time x mel x channel order.
        return self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))
