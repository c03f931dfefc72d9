"""In which precision things are computed: the network as the trial says, losses and scores always in fp32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

from model.config import Precision

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def network_precision(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Autocast for the network's forward pass; nothing where the trial is in fp32."""
    return nullcontext() if precision == "fp32" else torch.autocast(device.type, dtype=AUTOCAST[precision])


@contextmanager
def matrix_products(*, tf32: bool) -> Iterator[None]:
    """How a GPU multiplies fp32 matrices meanwhile: rounded to TF32, whose products have ten bits, or as it did."""
    if not tf32:
        yield
        return
    # Not `fp32_precision`, which is newer: a compiled network asks for this one, and is refused where both were used.
    products = torch.backends.cuda.matmul
    before = products.allow_tf32
    products.allow_tf32 = True
    try:
        yield
    finally:
        products.allow_tf32 = before


def without_autocast(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorates what must not be rounded to half precision: matrix products then keep the precision of their inputs.

    Autocast is per kind of device, and which one holds the tensors cannot be seen from outside; it is off for both.
    """

    @wraps(function)
    def in_own_precision(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            return function(*args, **kwargs)

    return in_own_precision


def at_least_fp32(values: Tensor) -> Tensor:
    """fp16 and bf16 as fp32, because sums of squares pass fp16's 65 504, and bf16 has three digits; others as is."""
    return values.float() if values.dtype in AUTOCAST.values() else values


def require_finite(values: Tensor, what: str) -> None:
    """Refuses what a network that has diverged gives.

    Args:
        values: that must be numbers.
        what: they are, as a sentence begins with it.

    Raises:
        FloatingPointError: one of them is NaN or infinite.
    """
    if not bool(values.isfinite().all()):
        raise FloatingPointError(f"{what} are not finite: the weights have diverged")
