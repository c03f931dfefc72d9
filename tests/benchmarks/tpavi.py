"""Time and memory of TPAVI's interaction, as here and as the paper writes it, in one run on this machine.

Each form runs in a process of its own, forward and backward, as peak memory is the process's.
"""

from __future__ import annotations

import multiprocessing
import resource
import time

import numpy as np
import torch
from numpy.typing import NDArray
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
    heard = (affinity @ g.transpose(1, 2)).transpose(1, 2).unflatten(2, volume.shape[2:])
    mixed = (module.output_scale(module.output(heard)) + volume)[0].transpose(0, 1)
    return module.output_norm(mixed.movedim(1, -1)).movedim(-1, 1)


def measure(form: str) -> tuple[float, float, NDArray[np.float32]]:
    """Seconds, MiB beyond the process's own, and the maps of one clip: no tensor, which would end with its process."""
    torch.manual_seed(0)
    module = TPAVI(WIDTH, INNER, AUDIO)
    torch.nn.init.normal_(module.output_scale.weight)
    maps, sound = torch.randn(FRAMES, WIDTH, SIDE, SIDE, requires_grad=True), torch.randn(FRAMES, AUDIO)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    mixed = literal(module, maps, sound) if form == "literal" else module(maps, sound, [FRAMES])[0]
    mixed.square().mean().backward()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, (peak - before) / 1024, mixed.detach().numpy()


def main() -> None:
    """Prints both forms and their ratios."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        slow, large, expected = pool.apply(measure, ("literal",))
        fast, small, found = pool.apply(measure, ("here",))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    print(
        f"TPAVI of a clip of {FRAMES} maps of {WIDTH}x{SIDE}x{SIDE}, forward and backward: all pairs of pixels "
        f"{slow:.2f} s and {large:.0f} MiB, here {fast:.2f} s and {small:.0f} MiB"
    )


if __name__ == "__main__":
    main()
