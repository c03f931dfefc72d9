"""Networks that are built without drawing the weights that they begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

WRITES = frozenset(
    {
        *("add_", "clamp_", "constant_", "copy_", "erfinv_", "fill_", "kaiming_uniform_", "mul_", "normal_"),
        *("uniform_", "zero_"),
    }
)
"""What initialisation does to a parameter, in `torch.nn.init` or on the tensor itself."""


def uninitialised() -> AbstractContextManager[object]:
    """While it lasts, parameters that are made keep whatever is in their memory; buffers are filled as ever.

    For networks that are filled from a file at once, and for those without memory: to draw the first weights of COMBO
    takes seconds, and on tensors without values longer than on others.
    """
    return _LeftAlone()


class _LeftAlone(TorchFunctionMode):
    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        written = args[0] if args else given.get("tensor")
        if isinstance(written, nn.Parameter) and function.__name__ in WRITES:
            return written
        return function(*args, **given)
