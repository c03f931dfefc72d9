"""AVS-BiGen's correlation of neighbouring frames in tiles against the literal form, at the finest stage of one clip.

Every form runs in a process of its own, so that its peak memory is known. Times are of a forward and a backward pass,
in seconds of the processor, which others may share.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch
from torch import Tensor

from model.bigen.correlation_attention import mean_correlation, partner_frames

FRAMES, CHANNELS, SIDE, ROUNDS = 5, 128, 56, 3
KIB = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of `ru_maxrss`."""


def literal(frames: Tensor, partners: Tensor) -> Tensor:
    """The definition: every pair of positions at once. Shapes as in `mean_correlation`."""
    volume = torch.einsum("ncp,ncq->npq", frames.flatten(2), partners.flatten(2)).relu()
    return volume.mean(2).view(len(frames), 1, *frames.shape[2:])


FORMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"literal": literal, "in tiles": mean_correlation}


def measure(name: str) -> tuple[float, float]:
    """Seconds of the processor, best of several rounds, and MiB of memory beyond those of the inputs."""
    torch.set_num_threads(1)
    frames = torch.randn(FRAMES, CHANNELS, SIDE, SIDE, generator=torch.Generator().manual_seed(0), requires_grad=True)
    FORMS[name](frames[..., :4, :4], frames[..., :4, :4]).sum().backward()
    before, times = _peak(), []
    for _ in range(ROUNDS):
        start = time.process_time()
        FORMS[name](frames, frames[partner_frames([FRAMES])]).sum().backward()
        times.append(time.process_time() - start)
    return min(times), (_peak() - before) / 2**20


def _peak() -> float:
    """Bytes that this process has held at most."""
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB)


def main() -> None:
    """Prints time and memory of both forms."""
    told = []
    for name in FORMS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            seconds, memory = process.submit(measure, name).result()
        told.append(f"{name} {seconds:.2f} s, {memory:.0f} MiB")
    print(f"correlation of {FRAMES} frames, {SIDE}x{SIDE} positions, on one core: {'; '.join(told)}")


if __name__ == "__main__":
    main()
