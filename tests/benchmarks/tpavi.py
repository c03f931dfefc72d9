"""TPAVI's interaction, as here and as the paper writes it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from comparison import Comparison, Form
from torch import Tensor

from model.layers.tpavi import TPAVI

WIDTH, INNER, AUDIO, FRAMES = 256, 128, 128, 5
SIDE = 56
"""Of the finest map of a frame of 224 pixels."""


def literal(module: TPAVI, maps: Tensor, sound: Tensor) -> Tensor:
    """One clip with the affinity of all pairs of its pixels, (N, N); shapes as in `TPAVI.forward`."""
    volume = maps.transpose(0, 1)[None]
    tiled = module.align(sound).t()[None, :, :, None, None].expand_as(volume)
    theta, g = module.theta(volume).flatten(2), module.g(volume).flatten(2)
    affinity = theta.transpose(1, 2) @ module.phi(tiled).flatten(2) / theta.shape[2]
    attended = (affinity @ g.transpose(1, 2)).transpose(1, 2).unflatten(2, volume.shape[2:])
    mixed = (module.output_scale(module.output(attended)) + volume)[0].transpose(0, 1)
    return module.output_norm(mixed.movedim(1, -1)).movedim(-1, 1)


def forms(device: str) -> Mapping[str, Form]:
    """A forward and a backward pass of one clip."""
    torch.manual_seed(0)
    module = TPAVI(WIDTH, INNER, AUDIO)
    torch.nn.init.normal_(module.output_scale.weight)
    module.to(device)
    maps, sound = torch.randn(FRAMES, WIDTH, SIDE, SIDE).to(device), torch.randn(FRAMES, AUDIO).to(device)
    small = maps[..., :14, :14]
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found, expected = module(small, sound, [FRAMES])[0], literal(module, small, sound)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    maps.requires_grad_()
    return {
        "all pairs of pixels": lambda: literal(module, maps, sound).square().mean().backward(),
        "here": lambda: module(maps, sound, [FRAMES])[0].square().mean().backward(),
    }


COMPARISONS = [Comparison("tpavi", f"TPAVI of a clip of {FRAMES} maps of {WIDTH}x{SIDE}x{SIDE}, both passes", forms)]
