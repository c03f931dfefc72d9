"""Maps of backbones have their channels in the same place and any size, wherever timm's network has them."""

from functools import partial

import pytest
import timm
import torch

from model.config import BackboneConfig
from model.layers.backbones import STRIDES, Backbone

SMALL_SWIN = {"embed_dim": 8, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 1, 1)}


@pytest.mark.parametrize(
    ("name", "options"), [("test_resnet", {}), ("swin_base_patch4_window7_224", SMALL_SWIN)], ids=["first", "last"]
)
def test_channels_come_before_the_positions(name, options, monkeypatch):
    monkeypatch.setattr(timm, "create_model", partial(timm.create_model, **options))
    backbone = Backbone(BackboneConfig(name=name, weights="random", norm="native"))
    for side in (224, 96):  # the size that the Swin Transformer is made for, and another
        maps = backbone(torch.zeros(1, 3, side, side))
        assert [tuple(level.shape) for level in maps] == [
            (1, channels, side // stride, side // stride)
            for channels, stride in zip(backbone.channels, STRIDES, strict=True)
        ]
