"""Multi-scale deformable attention (Deformable DETR, equation 3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from model.layers.deformable.choice import Sampling, sampling_form
from model.layers.deformable.plain import Shapes


class DeformableAttention(nn.Module):
    """Each query samples a few learned points around its reference on every level.

    Args:
        width: channels C of queries and values.
        heads: attention heads.
        levels: levels of the pyramid.
        points: samples per head and level.
        sampling: which form samples; see `model.layers.deformable.choice`.
    """

    def __init__(self, width: int, heads: int, levels: int, points: int, sampling: Sampling = "plain") -> None:
        super().__init__()
        self._sample = sampling_form(sampling)
        self.heads, self.levels, self.points = heads, levels, points
        self.sampling_offsets = nn.Linear(width, heads * levels * points * 2)
        self.attention_weights = nn.Linear(width, heads * levels * points)
        self.value_projection = nn.Linear(width, width)
        self.output_projection = nn.Linear(width, width)
        self._initialise()

    def _initialise(self) -> None:
        """Offsets start as one compass direction per head, at distance 1..P; all points weigh the same."""
        angle = torch.arange(self.heads, dtype=torch.float32) * (2 * math.pi / self.heads)
        compass = torch.stack((angle.cos(), angle.sin()), dim=1)
        compass = compass / compass.abs().amax(1, keepdim=True)
        distance = torch.arange(1, self.points + 1, dtype=torch.float32)
        offsets = compass[:, None, None, :] * distance[None, None, :, None]
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(offsets.expand(-1, self.levels, -1, -1).flatten())
        nn.init.zeros_(self.sampling_offsets.weight)
        nn.init.zeros_(self.attention_weights.weight)
        nn.init.zeros_(self.attention_weights.bias)
        for projection in (self.value_projection, self.output_projection):
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)

    def forward(self, query: Tensor, reference: Tensor, value: Tensor, shapes: Shapes) -> Tensor:
        """Attends from every query.

        Args:
            query: (N, Lq, C), in the precision of the parameters.
            reference: (1 or N, Lq, 2) reference points (x, y) in [0, 1], the same on every level.
            value: (N, S, C).
            shapes: the levels' sizes.

        Returns:
            (N, Lq, C).
        """
        batch, queries, _ = query.shape
        # Filled in on the device: a copy from the host would make a GPU wait in every layer.
        sizes = torch.cat([query.new_full((1,), side) for height, width in shapes for side in (width, height)]).view(
            -1, 2
        )
        with torch.autocast(query.device.type, enabled=False):  # half precision would move places by parts of a pixel
            offsets = self.sampling_offsets(query).view(batch, queries, self.heads, self.levels, self.points, 2)
            locations = reference[:, :, None, None, None, :] + offsets / sizes[:, None, :]
            weights = self.attention_weights(query).view(batch, queries, self.heads, -1).softmax(3)
            weights = weights.view(batch, queries, self.heads, self.levels, self.points)
        heads_of_value = self.value_projection(value).view(batch, value.shape[1], self.heads, -1)
        return self.output_projection(self._sample(heads_of_value, shapes, locations, weights))
