"""Image pyramids from timm."""

from __future__ import annotations

from functools import partial
from typing import Any

import timm
from timm.layers import Format, GroupNorm, freeze_batch_norm_2d
from torch import Tensor, nn

from model.config import BackboneConfig
from model.layers.errors import BackboneError
from model.layers.frozen_norm import normalise_in_one_pass
from model.numerics import PLAIN, Numerics

STRIDES = (4, 8, 16, 32)
GROUPS = 8
"""Groups of the `group` norm; divides every width of the small networks that it is meant for."""


class Backbone(nn.Module):
    """A timm model that returns its maps at strides 4, 8, 16 and 32 (res2 to res5).

    Args:
        config: which model, norm and initial weights.
        numerics: how frozen norms compute.

    Raises:
        BackboneError: timm has no such model, it lacks a stride, or ImageNet weights could not be loaded.
    """

    def __init__(self, config: BackboneConfig, numerics: Numerics = PLAIN) -> None:
        super().__init__()
        self.network = _create(config)
        reductions = self.network.feature_info.reduction()
        if not set(STRIDES) <= set(reductions):
            raise BackboneError(f"backbone '{config.name}' has maps at strides {reductions}, needs {list(STRIDES)}")
        self._levels = [reductions.index(stride) for stride in STRIDES]
        self._has_channels_last = getattr(self.network, "output_fmt", Format.NCHW) == Format.NHWC
        channels = self.network.feature_info.channels()
        self.channels: list[int] = [channels[level] for level in self._levels]
        if config.norm == "frozen_batch":
            self.network = freeze_batch_norm_2d(self.network)
        if numerics.one_pass_norm:
            normalise_in_one_pass(self.network)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(N, 3, H, W) normalised pixels to four maps (N, C_i, H/stride, W/stride), finest first."""
        maps = self.network(images)
        chosen = [maps[level] for level in self._levels]
        return [level.movedim(-1, 1) for level in chosen] if self._has_channels_last else chosen


def _create(config: BackboneConfig) -> Any:
    options: dict[str, Any] = {}
    if config.norm == "group":
        options["norm_layer"] = partial(GroupNorm, num_groups=GROUPS)
    if config.name.startswith("swin"):
        options["strict_img_size"] = False  # windows are laid over images of any size, not only of the model's own
    if config.drop_path:
        options["drop_path_rate"] = config.drop_path
    if not timm.is_model(config.name):
        near = ", ".join(timm.list_models(f"*{config.name.split('.')[0][:6]}*")[:5])
        raise BackboneError(f"timm has no model '{config.name}'" + (f" (similar: {near})" if near else ""))
    try:
        return timm.create_model(config.name, features_only=True, pretrained=config.weights == "imagenet", **options)
    except OSError as error:
        raise BackboneError(
            f"ImageNet weights of '{config.name}' could not be loaded ({type(error).__name__}); pass "
            "--backbone-weights FILE, fill timm's cache on a machine with network access, or set "
            "model.backbone.weights=random"
        ) from error
