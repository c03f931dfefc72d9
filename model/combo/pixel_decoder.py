"""Pixel decoder: deformable attention over strides 32, 16 and 8, one FPN level at stride 4 (Mask2Former)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.combo.config import PixelDecoderConfig
from model.layers.deformable.attention import DeformableAttention
from model.layers.deformable.plain import Shapes
from model.layers.position_encoding import sine_encoding
from model.numerics import PLAIN, Numerics

NORM_GROUPS = 32


@dataclass(frozen=True)
class PixelFeatures:
    """What the pixel decoder hands on.

    Attributes:
        mask_features: (BT, C, H/4, W/4), multiplied with mask embeddings.
        memory: three maps (BT, C, H/s, W/s) for s = 32, 16, 8.
    """

    mask_features: Tensor
    memory: list[Tensor]


class EncoderLayer(nn.Module):
    """Deformable self-attention and feed-forward network, normalised after each residual."""

    def __init__(self, width: int, config: PixelDecoderConfig, levels: int) -> None:
        super().__init__()
        self.attention = DeformableAttention(width, config.heads, levels, config.points, config.sampling)
        self.norm1 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, config.ffn_width)
        self.linear2 = nn.Linear(config.ffn_width, width)
        self.norm2 = nn.LayerNorm(width)
        for linear in (self.linear1, self.linear2):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, tokens: Tensor, position: Tensor, reference: Tensor, shapes: Shapes) -> Tensor:
        """(BT, S, C) tokens of all levels to the same."""
        tokens = self.norm1(tokens + self.attention(tokens + position, reference, tokens, shapes))
        return self.norm2(tokens + self.linear2(self.linear1(tokens).relu()))


class PixelDecoder(nn.Module):
    """Multi-scale features for the query decoder and mask features at stride 4.

    Args:
        channels: C_i of the four encoder maps, finest first.
        width: channels C of everything that comes out.
        config: layers, heads, points, feed-forward width.
        numerics: whether half precision is allowed.
    """

    def __init__(self, channels: list[int], width: int, config: PixelDecoderConfig, numerics: Numerics = PLAIN) -> None:
        super().__init__()
        self.width = width
        self.may_be_half = numerics.half_pixel_decoder
        coarse = channels[:0:-1]
        groups = min(NORM_GROUPS, width // 2)
        self.input_projections = nn.ModuleList(_input_projection(c, width, groups) for c in coarse)
        self.level_embed = nn.Parameter(torch.randn(len(coarse), width))
        self.layers = nn.ModuleList(EncoderLayer(width, config, len(coarse)) for _ in range(config.layers))
        self.lateral = _c2_convolution(channels[0], width, 1, bias=False)
        self.lateral_norm = nn.GroupNorm(groups, width)
        self.output = _c2_convolution(width, width, 3, bias=False)
        self.output_norm = nn.GroupNorm(groups, width)
        self.mask_features = _c2_convolution(width, width, 1, bias=True)

    def forward(self, maps: list[Tensor]) -> PixelFeatures:
        """Four maps (BT, C_i, H/s, W/s), finest first.

        In fp32, or as `Numerics.half_pixel_decoder` says in bf16, whose range is that of fp32.
        """
        device = maps[0].device.type
        is_half = self.may_be_half and torch.is_autocast_enabled(device)
        with torch.autocast(device, dtype=torch.bfloat16 if is_half else None, enabled=is_half):
            finest, *coarse = [level.float() for level in maps]
            projected = [
                project(level) for project, level in zip(self.input_projections, reversed(coarse), strict=True)
            ]
            memory = self._encode(projected)
            upsampled = F.interpolate(memory[-1], finest.shape[-2:], mode="bilinear", align_corners=False)
            pixels = self.lateral_norm(self.lateral(finest)) + upsampled
            pixels = self.output_norm(self.output(pixels)).relu()
            return PixelFeatures(self.mask_features(pixels), memory)

    def _encode(self, maps: list[Tensor]) -> list[Tensor]:
        shapes = [(level.shape[2], level.shape[3]) for level in maps]
        device = maps[0].device
        tokens = torch.cat([level.flatten(2).transpose(1, 2) for level in maps], dim=1).float()
        position = torch.cat(
            [
                sine_encoding(height, width, self.width, device).flatten(2).transpose(1, 2) + embed
                for (height, width), embed in zip(shapes, self.level_embed, strict=True)
            ],
            dim=1,
        )
        reference = torch.cat([_pixel_centres(height, width, device) for height, width in shapes])[None]
        for layer in self.layers:
            tokens = layer(tokens, position, reference, shapes)
        parts = tokens.split([height * width for height, width in shapes], dim=1)
        return [part.transpose(1, 2).unflatten(2, shape) for part, shape in zip(parts, shapes, strict=True)]


def _input_projection(channels: int, width: int, groups: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, 1)
    nn.init.xavier_uniform_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return nn.Sequential(convolution, nn.GroupNorm(groups, width))


def _c2_convolution(channels: int, width: int, kernel: int, bias: bool) -> nn.Conv2d:
    """A convolution with Caffe2's initialisation, which detectron2 uses outside backbones."""
    convolution = nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=bias)
    nn.init.kaiming_uniform_(convolution.weight, a=1)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return convolution


def _pixel_centres(height: int, width: int, device: torch.device) -> Tensor:
    """(H*W, 2) centres as (x, y) in [0, 1], row by row."""
    rows = (torch.arange(height, device=device) + 0.5) / height
    columns = (torch.arange(width, device=device) + 0.5) / width
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), dim=1)
