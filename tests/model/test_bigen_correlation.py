"""The tiled correlation of frames and their partners against the literal form, which holds all pairs of positions."""

import pytest
import torch
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from model.bigen import correlation_attention
from model.bigen.correlation_attention import mean_correlation, partner_frames


def literal(frames, partners):
    """The definition: every pair of positions at once."""
    volume = torch.einsum("nchw,ncij->nhwij", frames, partners).relu()
    return volume.mean((3, 4))[:, None]


class LargestTensor(TorchDispatchMode):
    """Notes the size of the largest tensor that any operation makes, forwards or backwards."""

    numbers = 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        made = function(*arguments, **(options or {}))
        sizes = [value.numel() for value in tree_leaves(made) if isinstance(value, torch.Tensor)]
        self.numbers = max([self.numbers, *sizes])
        return made


@pytest.mark.parametrize("tile", [1, 1000, 2**19])
@pytest.mark.parametrize("shape", [(5, 8, 7, 9), (3, 4, 1, 1), (1, 6, 12, 5)])
def test_tiles_give_the_literal_map_and_its_gradients(tile, shape, monkeypatch):
    monkeypatch.setattr(correlation_attention, "TILE", tile)
    generator = torch.Generator().manual_seed(0)
    frames, partners, weight = (
        torch.randn(size, generator=generator, dtype=torch.float64)
        for size in (shape, shape, (shape[0], 1, *shape[2:]))
    )
    found = []
    for form in (mean_correlation, literal):
        inputs = [frames.clone().requires_grad_(), partners.clone().requires_grad_()]
        result = form(*inputs)
        found.append([result, *torch.autograd.grad((result * weight).sum(), inputs)])
    for tiled, expected in zip(*found, strict=True):
        assert_close(tiled, expected, rtol=1e-12, atol=1e-12)


def test_the_volume_is_never_held(monkeypatch):
    side = 24
    tile = side**2 * 2 * 10
    monkeypatch.setattr(correlation_attention, "TILE", tile)
    frames = torch.randn(2, 3, side, side, requires_grad=True)
    for form, most in ((mean_correlation, tile), (literal, 2 * side**4)):
        with LargestTensor() as largest:
            form(frames, frames[[1, 0]]).sum().backward()
        assert largest.numbers == most


def test_partners_are_the_next_frames_and_never_of_another_clip():
    assert partner_frames([5]) == [1, 2, 3, 4, 3]
    assert partner_frames([2, 1, 3]) == [1, 0, 2, 4, 5, 4]


def test_frames_in_half_precision_are_compared_in_fp32():
    frames = torch.randn(2, 16, 4, 4).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = mean_correlation(frames, frames[[1, 0]])
    assert found.dtype == torch.float32
    assert_close(found, literal(frames.float(), frames[[1, 0]].float()))
