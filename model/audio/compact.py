"""A small audio encoder that is trained with the model, for use without the AudioSet weights."""

from __future__ import annotations

from torch import Tensor, nn

from model.audio.encoder import AudioEncoder


class CompactAudioEncoder(AudioEncoder):
    """Four strided convolutions over the log-mel picture, averaged over time.

    The mel axis is kept to the end, because pitch and timbre are where the energy lies along it.

    Args:
        width: channels of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        layers: list[nn.Module] = []
        channels = 1
        for step in (16, 32, 64):
            layers += [nn.Conv2d(channels, step, 3, stride=2, padding=1), nn.GroupNorm(8, step), nn.ReLU(inplace=True)]
            channels = step
        self.features = nn.Sequential(*layers)
        self.embedding = nn.Sequential(nn.Linear(channels * 8, width), nn.ReLU(inplace=True))

    def forward(self, log_mel: Tensor) -> Tensor:
        """(N, 1, 96, 64) log-mel examples, time by mel band, to (N, width)."""
        maps = self.features(log_mel)
        return self.embedding(maps.mean(2).flatten(1))
