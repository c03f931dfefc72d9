"""Ways to run the same network faster, where a machine has them."""

from __future__ import annotations

import torch
from torch import nn

from model.config import RECORDING, CompileMode
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


def require_compiler(device: torch.device) -> None:
    """Refuses to compile where that is found to fail, for a function of one line.

    Raises:
        ExecutionError: nothing can be compiled on this machine.
    """
    try:
        torch.compile(_double)(torch.ones(1, device=device))
    except Exception as error:  # whichever of the compiler's many parts is missing
        reason = str(error).strip().partition("\n")[0]
        raise ExecutionError(
            f"torch.compile does not work on this machine ({reason}): install a C++ compiler, on GPUs also triton, "
            "or train without compiling"
        ) from error


def refuse_recording(mode: CompileMode, device: torch.device, *, is_divided: bool) -> None:
    """Refuses a mode that records CUDA graphs where there are none, or where they are known to go wrong.

    A graph's gradients lie where its next run writes them, so they cannot be added up over micro-batches
    (pytorch/pytorch issue 169545); with several workers PyTorch has crashed (issues 113809, 128218).

    Args:
        mode: of `torch.compile`.
        device: where the network is.
        is_divided: whether a batch is, among workers or into micro-batches.

    Raises:
        ExecutionError: the mode is refused.
    """
    if mode != RECORDING:
        return
    if device.type != "cuda":
        raise ExecutionError(
            f"{mode} records CUDA graphs, and this trial computes on a {device.type}: compile in the default mode"
        )
    if is_divided:
        raise ExecutionError(
            f"{mode} records CUDA graphs, which takes one worker and no micro-batches: compile in the default mode"
        )


def compiled(model: Network, mode: CompileMode) -> nn.Module:
    """The network compiled when it is first used, with the parameters of `model`, which itself stays as it is."""
    network = torch.compile(model, mode=mode)
    assert isinstance(network, nn.Module)  # of a module it makes one that wraps it
    return network


def _double(values: torch.Tensor) -> torch.Tensor:
    return values + values
