"""Numbers between host and device. Whoever waits for the device does it here, so that a step's waits can be counted.

A GPU works behind the program that feeds it. A copy from ordinary memory, or a read of a single number, makes the
program wait until the GPU has done all that it was given, and then the GPU waits for the program.
"""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(values: Tensor, device: torch.device | str) -> Tensor:
    """Values on a device. From the host to a GPU they go by pinned memory, behind what the GPU does, without a wait."""
    place = torch.device(device)
    # What is pinned is nothing that PyTorch's compiler could ask.
    if values.device.type != "cpu" or place.type != "cuda" or torch.compiler.is_compiling():
        return values.to(place)
    return (values if values.is_pinned() else values.pin_memory()).to(place, non_blocking=True)


def places_of(chosen: Tensor, device: torch.device | str) -> Tensor | None:
    """Which rows are chosen, (N,) int64 on a device; None where all are.

    To choose rows of a GPU's tensor by the mask itself, the program would have to wait for the GPU.

    Args:
        chosen: bool (rows,), on the host.
        device: of the tensor that has the rows.
    """
    return None if bool(chosen.all()) else to_device(chosen.nonzero()[:, 0], device)


def read(values: Tensor) -> Tensor:
    """Values on the host. Waits for the device, so that a step can afford one."""
    return values.cpu()


class LaterRead:
    """Numbers that are copied to the host behind what the device does, to be read once that is done anyway.

    Args:
        values: of any shape; what becomes of them later does not matter.
    """

    def __init__(self, values: Tensor) -> None:
        self._host = torch.empty(values.shape, dtype=values.dtype, pin_memory=values.is_cuda)
        self._host.copy_(values.detach(), non_blocking=values.is_cuda)
        self._copied = torch.cuda.Event() if values.is_cuda else None
        if self._copied is not None:
            self._copied.record(torch.cuda.current_stream(values.device))

    def numbers(self) -> Tensor:
        """The values on the host; returns at once if a later read of the device has returned."""
        if self._copied is not None:
            self._copied.synchronize()
        return self._host
