"""MobileSAM's image encoder: timm's TinyViT, whose last stage keeps the grid of the third, behind SAM's neck."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt

from segment_anything.modeling.common import LayerNorm2d
from timm.models.tiny_vit import TinyVit
from torch import Tensor, nn

from model.weights.renaming import rename

STAGES = 4
_PREFIX = "image_encoder."
_TO_TIMM = (
    (r"patch_embed\.seq\.0\.", "patch_embed.conv1."),
    (r"patch_embed\.seq\.2\.", "patch_embed.conv2."),
    (r"\.c\.weight$", ".conv.weight"),
    (r"^layers\.", "stages."),
)


class MobileEncoder(nn.Module):
    """Embeds pictures of 1024 x 1024 on a grid of 64 x 64."""

    img_size = 1024
    """What SAM's predictor scales the longest side to."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        """Builds an encoder of the widths, depths and windows that MobileSAM's weights have.

        Args:
            state: the whole of MobileSAM's weights, by its authors' names.

        Raises:
            KeyError: a tensor that tells a width is absent.
        """
        super().__init__()
        biases = [
            state[f"{_PREFIX}layers.{stage}.blocks.0.attn.attention_biases"] for stage in range(1, STAGES)
        ]  # (heads, window area)
        merged = [state[f"{_PREFIX}layers.{stage}.downsample.conv3.c.weight"] for stage in range(STAGES - 1)]
        embedded = state[f"{_PREFIX}patch_embed.seq.2.c.weight"]
        body = TinyVit(
            num_classes=0,
            embed_dims=tuple(weight.shape[0] for weight in (embedded, *merged)),
            depths=tuple(_depth(state, stage) for stage in range(STAGES)),
            # The first stage is convolutional and has neither heads nor windows.
            num_heads=(1, *(len(table) for table in biases)),
            window_sizes=(1, *(isqrt(table.shape[1]) for table in biases)),
            drop_path_rate=0.0,
        )
        body.stages[-1].downsample.conv2.conv.stride = (1, 1)
        self.patch_embed = body.patch_embed
        self.stages = body.stages
        out = state[f"{_PREFIX}neck.0.weight"].shape[0]
        self.neck = nn.Sequential(
            nn.Conv2d(body.num_features, out, kernel_size=1, bias=False),
            LayerNorm2d(out),
            nn.Conv2d(out, out, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(out),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Pictures (B, 3, 1024, 1024), normalised and padded as SAM does, to (B, C, 64, 64)."""
        return self.neck(self.stages(self.patch_embed(image)))


def mobile_encoder_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """MobileSAM's weights by the names of `MobileEncoder`, without the classifier that MobileSAM never runs."""
    return {
        _encoder_name(name): tensor
        for name, tensor in state.items()
        if not name.startswith((f"{_PREFIX}head.", f"{_PREFIX}norm_head."))
    }


def _encoder_name(name: str) -> str:
    """The name in timm, which merges patches at the start of a stage, not at the end of the one before."""
    if not name.startswith(_PREFIX):
        return name
    name = rename(name.removeprefix(_PREFIX), _TO_TIMM)
    name = re.sub(r"^stages\.(\d)\.downsample", lambda found: f"stages.{int(found[1]) + 1}.downsample", name)
    return _PREFIX + name


def _depth(state: Mapping[str, Tensor], stage: int) -> int:
    pattern = re.compile(rf"{re.escape(_PREFIX)}layers\.{stage}\.blocks\.(\d+)\.")
    return len({found[1] for name in state if (found := pattern.match(name))})
