"""Perceptron with ReLU between its layers."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


class MLP(nn.Module):
    """`depth` linear layers, ReLU after all but the last.

    Args:
        inputs: channels that come in.
        hidden: channels of the inner layers.
        outputs: channels that go out.
        depth: number of linear layers.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, depth: int = 3) -> None:
        super().__init__()
        widths = [inputs, *[hidden] * (depth - 1), outputs]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))

    def forward(self, features: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        for layer in self.layers[:-1]:
            features = layer(features).relu()
        return self.layers[-1](features)
