"""Which form samples: the reference, or the fastest for the device and the shapes at hand, found once and logged.

On a CPU the choice follows from the shapes alone, as was measured (`sampling-…` of docs/benchmarks): a trial that
continues must compute as it did. On a GPU, where it does not continue to the last bit anyway, forms are timed when
shapes are met for the first time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from model.layers.deformable.gather import gather_sample
from model.layers.deformable.plain import Shapes, plain_sample

log = logging.getLogger(__name__)

Sampling = Literal["plain", "fastest"]
Form = Callable[[Tensor, Shapes, Tensor, Tensor], Tensor]
"""See `plain_sample`."""

FEWEST_NUMBERS = 250_000
"""Numbers that the reference holds, one per sample and channel, from which on reading rows is faster on a CPU."""
FEWEST_CHANNELS = 32
"""Channels per head from which on it is: the work per sample hardly depends on them."""
MOST_ROWS = 2**31
"""Places of pixels that rows are numbered by, in 32 bits."""
ROUNDS = 5


class Case(NamedTuple):
    """What a choice depends on.

    Attributes:
        shapes: the levels' sizes.
        frames: N.
        queries: Lq.
        heads: attention heads.
        points: P.
        channels: D of a head.
        dtype: of the value.
        device: of all.
    """

    shapes: tuple[tuple[int, int], ...]
    frames: int
    queries: int
    heads: int
    points: int
    channels: int
    dtype: torch.dtype
    device: torch.device

    @property
    def samples(self) -> int:
        """Bilinear samples that are taken."""
        return self.frames * self.queries * self.heads * len(self.shapes) * self.points

    def __str__(self) -> str:
        sizes = ", ".join(f"{height} x {breadth}" for height, breadth in self.shapes)
        return (
            f"{self.frames} frames of {self.queries} queries, {self.heads} heads of {self.channels} channels, "
            f"{self.points} points on levels of {sizes}, {str(self.dtype).removeprefix('torch.')}, {self.device}"
        )


def sampling_form(sampling: Sampling) -> Form:
    """The form that a setting asks for."""
    return plain_sample if sampling == "plain" else fastest_sample


def fastest_sample(value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> Tensor:
    """See `plain_sample`; the reference where a compiler looks on, which makes kernels of its own."""
    if torch.compiler.is_compiling():
        return plain_sample(value, shapes, locations, weights)
    frames, queries, heads, _, points, _ = locations.shape
    case = Case(tuple(shapes), frames, queries, heads, points, value.shape[3], value.dtype, value.device)
    return form_for(case)(value, shapes, locations, weights)


@cache
@torch.enable_grad()
def form_for(case: Case) -> Form:
    """The fastest form; found and logged when a process asks for the first time."""
    if case.device.type == "cuda":
        with torch.cuda.device(case.device):
            name, form, reason = fastest_measured(case, _gpu_forms(), _gpu_milliseconds)
    else:
        name, form, reason = _for_cpu(case)
    log.info("deformable sampling of %s: %s (%s)", case, name, reason)
    return form


def _for_cpu(case: Case) -> tuple[str, Form, str]:
    numbers = case.samples * case.channels
    is_large = numbers >= FEWEST_NUMBERS and case.channels >= FEWEST_CHANNELS
    is_gathered = case.device.type == "cpu" and is_large and 4 * case.samples < MOST_ROWS
    name, form = ("gather", gather_sample) if is_gathered else ("plain", plain_sample)
    return name, form, f"{numbers} numbers"


def fastest_measured(
    case: Case, forms: Mapping[str, Callable[[], Form]], milliseconds: Callable[[Callable[[], None]], float]
) -> tuple[str, Form, str]:
    """Name of the fastest form, forward and backward, the form, and what was found; one that fails is left out.

    Args:
        case: what is sampled.
        forms: by name, each as what imports it. The reference is among them.
        milliseconds: time of an action.
    """
    inputs = inputs_like(case)
    usable: dict[str, Form] = {}
    times: dict[str, float] = {}
    found: list[str] = []
    for name, load in forms.items():
        try:
            form = load()
            pass_both_ways(form, *inputs)  # compiles, chooses and allocates
            times[name] = min(milliseconds(partial(pass_both_ways, form, *inputs)) for _ in range(ROUNDS))
        except Exception as error:  # whatever a compiler for this device says
            if name == "plain":
                raise
            found.append(f"{name} does not run here: {type(error).__name__}: {str(error).partition(chr(10))[0]}")
        else:
            usable[name] = form
            found.append(f"{name} {times[name]:.3f} ms")
    best = min(times, key=lambda name: times[name])
    return best, usable[best], ", ".join(found)


def pass_both_ways(form: Form, value: Tensor, shapes: Shapes, locations: Tensor, weights: Tensor) -> None:
    """Forward and backward pass of a form."""
    output = form(value, shapes, locations, weights)
    torch.autograd.grad(output, (value, locations, weights), torch.ones_like(output))


def inputs_like(case: Case) -> tuple[Tensor, Shapes, Tensor, Tensor]:
    """Random inputs of the same shapes, drawn so that nothing else is drawn differently."""
    draw = torch.Generator(case.device).manual_seed(0)
    pixels = sum(height * breadth for height, breadth in case.shapes)
    places = (case.frames, case.queries, case.heads, len(case.shapes), case.points)

    def numbers(*sizes: int) -> Tensor:
        return torch.rand(sizes, generator=draw, device=case.device)

    value = numbers(case.frames, pixels, case.heads, case.channels).to(case.dtype)
    locations, weights = numbers(*places, 2), numbers(*places)
    return value.requires_grad_(), list(case.shapes), locations.requires_grad_(), weights.requires_grad_()


def _gpu_forms() -> dict[str, Callable[[], Form]]:
    return {"plain": lambda: plain_sample, "kernel": _kernel}


def _kernel() -> Form:
    """Imported where it is wanted only: not every machine has Triton."""
    from model.layers.deformable.kernel import kernel_sample

    return kernel_sample


def _gpu_milliseconds(action: Callable[[], None]) -> float:
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    action()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)
