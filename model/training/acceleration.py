"""Ways to run the same network faster, where a machine has them."""

from __future__ import annotations

import torch

from model.interface import Network
from model.training.errors import ExecutionError

PICTURES = 4
"""Dimensions of what pictures are convolved with. A network may hold 3-D convolutions too, which have an order of their
own."""


def order_channels_last(model: Network, optimizer: torch.optim.Optimizer) -> None:
    """Convolutions then read and write all channels of a pixel together.

    What the optimiser keeps of a parameter lies in memory as the parameter does: a fused one goes through both at once.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.dim() == PICTURES:
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if parameter.dim() == PICTURES and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def compile_network(model: Network, device: torch.device) -> None:
    """Has the network's forward pass compiled when it is first used; its parameters keep their names.

    Raises:
        ExecutionError: nothing can be compiled on this machine; found by compiling an addition.
    """
    try:
        torch.compile(_double)(torch.ones(1, device=device))
    except Exception as error:  # whichever of the compiler's many parts is missing
        reason = str(error).strip().partition("\n")[0]
        raise ExecutionError(
            f"torch.compile does not work on this machine ({reason}): install a C++ compiler, on GPUs also triton, "
            "or train without compiling"
        ) from error
    model.compile()


def _double(values: torch.Tensor) -> torch.Tensor:
    return values + values
