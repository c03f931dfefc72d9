"""A GPU for machines without one: tensors that say they are on it, and whose numbers lie on the host.

What PyTorch decides by the kind of device happens as on a GPU: tensors of both do not mix, and autocast chooses what is
computed in half precision. A backward pass needs a true device, so that parameters get ones as gradients instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

GPU, HOST = torch.device("cuda", 0), torch.device("cpu")
COPIES = ("_to_copy", "copy_")
"""Operations that take tensors of both."""
ASKED_DEVICE = torch.ops.prim.device.default


class OnGpu(Tensor):
    """A tensor that says it is on the GPU.

    Args:
        held: its numbers.
    """

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnGpu:
        made = Tensor._make_subclass(
            cls, held.detach(), held.requires_grad, dispatch_device=True, device_for_backend_keys=GPU
        )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(
        cls, function: Any, _types: Sequence[type], _args: Sequence[Any] = (), _kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Outside of `pretended_gpu` there is nothing that could compute with it."""
        if function is ASKED_DEVICE:
            return GPU
        raise AssertionError(f"{function} of a tensor on a GPU that is not pretended any more")


class PretendedGpu(TorchDispatchMode):
    """Computes on the host what is asked of the GPU, below autograd and autocast."""

    def __torch_dispatch__(
        self, function: Any, _types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See PyTorch.

        Raises:
            RuntimeError: tensors of both devices are mixed; those of a single number may be.
        """
        if function is ASKED_DEVICE:
            return GPU
        given = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, given)) if isinstance(leaf, Tensor)]
        on_gpu = [one for one in tensors if isinstance(one, OnGpu)]
        place = torch.device(given.get("device") or (GPU if on_gpu else HOST))
        if place.type == HOST.type and not on_gpu:
            return function(*args, **given)
        is_copy = function.overloadpacket.__name__ in COPIES
        if on_gpu and not is_copy and any(one.dim() for one in tensors if not isinstance(one, OnGpu)):
            raise RuntimeError(f"{function} of tensors on {GPU} and on the host")
        if "device" in given:
            given |= {"device": HOST, "pin_memory": False}
        result = function(*tree_map(_held, args), **tree_map(_held, given))
        known = {id(one.held): one for one in on_gpu}
        return tree_map(partial(_on_gpu, known), result) if place.type == GPU.type else result


class HostGenerator(torch.Generator):
    """Random numbers of the host, whichever device they are asked for."""

    def __new__(cls, _device: object = None) -> HostGenerator:
        return super().__new__(cls, HOST)


@contextmanager
def pretended_gpu() -> Iterator[None]:
    """While it is there, tensors can be moved to `GPU`; all memory of the host counts as pinned."""
    torch._C._ensureCUDADeviceGuardSet()  # the one that does nothing, as PyTorch uses it for fake tensors
    replaced = (
        (torch.cuda, "_lazy_init", lambda: None),
        (torch.cuda, "is_available", lambda: True),
        (torch.cuda, "is_bf16_supported", lambda **_: True),
        (torch, "Generator", HostGenerator),
        (torch.optim.Optimizer, "_accelerator_graph_capture_health_check", lambda _: None),
        (Tensor, "is_pinned", lambda *_: True),
        (Tensor, "backward", give_gradients),
    )
    with ExitStack() as stack:
        for place, name, value in replaced:
            stack.enter_context(patch.object(place, name, value))
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.enter_context(PretendedGpu())
        yield


def move_to_gpu(network: nn.Module) -> None:
    """As `Module.to`, which moves the numbers of a parameter, where here the parameter itself is another one."""
    for module in network.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(OnGpu(parameter.detach().clone()), parameter.requires_grad)
        for name, buffer in module._buffers.items():
            module._buffers[name] = None if buffer is None else OnGpu(buffer)


def give_gradients(loss: Tensor, _gradient: Tensor | None = None) -> None:
    """Ones for each parameter, and each other leaf, that the loss was computed from."""
    nodes, seen = [loss.grad_fn], set[Any]()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        nodes += [earlier for earlier, _ in node.next_functions]
        if (parameter := getattr(node, "variable", None)) is not None:
            parameter.grad = torch.ones_like(parameter)


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, OnGpu) else leaf


def _on_gpu(known: Mapping[int, OnGpu], leaf: Any) -> Any:
    if not isinstance(leaf, Tensor):
        return leaf
    return known[id(leaf)] if id(leaf) in known else OnGpu(leaf)
