"""Says how the tensors of a file differ from those that a network has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

SHOWN = 3
"""Names per kind of mistake; a wrong file can have thousands."""
LONGEST = 200
"""Characters of a name, with its shapes, that are shown."""


def mismatch(state: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]]) -> str:
    """Names what is missing, unexpected or of another shape; empty where all fits.

    Args:
        state: tensors of the file.
        wanted: names and shapes of the network, under the file's names.
    """
    return listing(
        {
            "missing": [name for name in wanted if name not in state],
            "unexpected": [name for name in state if name not in wanted],
            "of another shape": [
                f"{name} is {tuple(state[name].shape)} instead of {shape}"
                for name, shape in wanted.items()
                if name in state and tuple(state[name].shape) != shape
            ],
        }
    )


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of a network."""
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def listing(problems: Mapping[str, list[str]]) -> str:
    """The first few of each kind and how many there are, such as `2 missing: a, b; 1 unexpected: c`."""
    return "; ".join(f"{len(names)} {kind}: {first_few(names)}" for kind, names in problems.items() if names)


def first_few(names: Iterable[str]) -> str:
    """The first few names and how many there are beyond them, such as `a, b, c and 2 more`."""
    listed = list(names)
    more = len(listed) - SHOWN
    return ", ".join(printable(name) for name in listed[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def printable(name: str) -> str:
    """A name from a foreign file, which may hold what a terminal obeys and be of any length."""
    name = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    return name if name.isprintable() else ascii(name)
