"""Bilateral-Fusion Module (COMBO section 3.2, equations 4 and 5): audio and pixels attend to each other.

Every frame has one audio token, and frames do not see one another. What each mode changes:

| mode      | official                                   | paper (`fusion_ablation`)             |
| --------- | ------------------------------------------ | ------------------------------------- |
| bilateral | pixels and audio                           | same                                  |
| audio     | as bilateral (released code overwrites)    | audio only                            |
| visual    | pixels, by a one-key attention of its own  | pixels only, by the bilateral attention |
| none      | neither                                    | same                                  |
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.combo.config import FusionConfig
from model.config import Truth
from model.layers.position_encoding import sine_encoding

SCORE_LIMIT = 50_000.0
"""Attention scores are clamped to this magnitude, as in GLIP, against overflow in half precision."""


def _xavier_linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


class BilateralAttention(nn.Module):
    """One score map, read in both directions.

    Args:
        width: channels C of the pixels.
        audio_width: channels A of the audio token.
        config: heads, dropout, layer scale.
        softmax_axis: official: both directions normalise over space; paper: pixels normalise over the (single)
            audio key, audio over space.
    """

    def __init__(self, width: int, audio_width: int, config: FusionConfig, softmax_axis: Truth) -> None:
        super().__init__()
        self.heads = config.heads
        self.softmax_axis = softmax_axis
        self.scale = (width // config.heads) ** -0.5
        self.norm_visual = nn.LayerNorm(width)
        self.norm_audio = nn.LayerNorm(audio_width)
        self.query_visual = _xavier_linear(width, width)
        self.key_audio = _xavier_linear(audio_width, width)
        self.value_visual = _xavier_linear(width, width)
        self.value_audio = _xavier_linear(audio_width, width)
        self.out_visual = _xavier_linear(width, width)
        self.out_audio = _xavier_linear(width, audio_width)
        self.gamma_visual = nn.Parameter(torch.full((width,), config.layer_scale_init))
        self.gamma_audio = nn.Parameter(torch.full((audio_width,), config.layer_scale_init))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, pixels: Tensor, position: Tensor, audio: Tensor, audio_position: Tensor) -> tuple[Tensor, Tensor]:
        """Fuses one audio token with the pixels of its frame.

        Args:
            pixels: (BT, HW, C).
            position: (1, HW, C) code added to pixels where they act as queries.
            audio: (BT, 1, A).
            audio_position: (1, A) code added to audio where it acts as key.

        Returns:
            Pixels (BT, HW, C) and audio (BT, 1, A). The residual starts from the normalised input, as released.
        """
        pixels, audio = self.norm_visual(pixels), self.norm_audio(audio)
        query = self._split(self.query_visual(pixels + position) * self.scale)
        key = self._split(self.key_audio(audio + audio_position))
        scores = (query * key).sum(3).clamp(-SCORE_LIMIT, SCORE_LIMIT)
        over_space = (scores - scores.amax(2, keepdim=True)).clamp(-SCORE_LIMIT, SCORE_LIMIT).softmax(2)
        to_pixels = over_space if self.softmax_axis == "official" else torch.ones_like(over_space)

        from_audio = self.dropout(to_pixels)[..., None] * self._split(self.value_audio(audio))
        weighted = self.dropout(over_space)[..., None] * self._split(self.value_visual(pixels))
        return (
            pixels + self.gamma_visual * self.out_visual(self._merge(from_audio)),
            audio + self.gamma_audio * self.out_audio(self._merge(weighted.sum(2, keepdim=True))),
        )

    def _split(self, tokens: Tensor) -> Tensor:
        """(BT, N, C) to (BT, heads, N, C/heads)."""
        return tokens.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def _merge(self, tokens: Tensor) -> Tensor:
        """(BT, heads, N, C/heads) to (BT, N, C)."""
        return tokens.transpose(1, 2).flatten(2)


class OneSidedAttention(nn.Module):
    """The released 'visual fusion only': softmax over the single audio key is one, so all pixels get one vector."""

    def __init__(self, width: int, audio_width: int, config: FusionConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.scale = (width // config.heads) ** -0.5
        self.norm_visual = nn.LayerNorm(width)
        self.norm_audio = nn.LayerNorm(audio_width)
        self.query_visual = _xavier_linear(width, width)
        self.key_audio = _xavier_linear(audio_width, width)
        self.value_audio = _xavier_linear(audio_width, width)
        self.out_visual = _xavier_linear(width, width)
        self.gamma_visual = nn.Parameter(torch.full((width,), config.layer_scale_init))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, pixels: Tensor, audio: Tensor) -> Tensor:
        """Pixels (BT, HW, C) and audio (BT, 1, A) to pixels (BT, HW, C)."""
        pixels, audio = self.norm_visual(pixels), self.norm_audio(audio)
        split = (self.heads, -1)
        query = (self.query_visual(pixels) * self.scale).unflatten(2, split)
        key = self.key_audio(audio).unflatten(2, split)
        weight = self.dropout((query * key).sum(3, keepdim=True)[..., None].softmax(4)[..., 0])
        from_audio = (weight * self.value_audio(audio).unflatten(2, split)).flatten(2)
        return pixels + self.gamma_visual * self.out_visual(from_audio)


class BilateralFusion(nn.Module):
    """Fuses mask features with the audio embedding of each frame.

    Args:
        width: channels C of the mask features.
        audio_width: channels A of the audio embedding.
        config: mode, heads, dropout, layer scale.
        softmax_axis: see `BilateralAttention`.
        ablation: what the one-sided modes mean, see the module's table.
    """

    def __init__(
        self, width: int, audio_width: int, config: FusionConfig, softmax_axis: Truth, ablation: Truth
    ) -> None:
        super().__init__()
        self.mode, self.ablation = config.mode, ablation
        self.audio_position = nn.Embedding(1, audio_width)
        self.level_embed = nn.Embedding(1, width)
        self.attention: nn.Module | None = None
        if config.mode == "visual" and ablation == "official":
            self.attention = OneSidedAttention(width, audio_width, config)
        elif config.mode != "none":
            self.attention = BilateralAttention(width, audio_width, config, softmax_axis)

    @property
    def uses_every_parameter(self) -> bool:
        """Whether a backward pass reaches all parameters; data-parallel training must know."""
        return self.mode == "bilateral" or (self.mode == "audio" and self.ablation == "official")

    def forward(self, visual: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Mask features (BT, C, H, W) and audio (BT, 1, A) to the same shapes."""
        visual = visual + self.level_embed.weight[0][:, None, None]
        if self.attention is None:
            return visual, audio
        height, width = visual.shape[2:]
        pixels = visual.flatten(2).transpose(1, 2)
        if isinstance(self.attention, OneSidedAttention):
            fused, fused_audio = self.attention(pixels, audio), audio
        else:
            position = sine_encoding(height, width, visual.shape[1], visual.device).flatten(2).transpose(1, 2)
            fused, fused_audio = self.attention(pixels, position, audio, self.audio_position.weight)
        fused_map = fused.transpose(1, 2).unflatten(2, (height, width))
        if self.ablation == "paper" and self.mode == "audio":
            return visual, fused_audio
        if self.ablation == "paper" and self.mode == "visual":
            return fused_map, audio
        return fused_map, fused_audio
