"""Says how the tensors of a file differ from those that a network has."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

SHOWN = 3
"""Names per kind of mistake; a wrong file can have thousands."""


def misfit(state: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]]) -> str:
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
    return "; ".join(f"{len(names)} {kind}: {_shortened(names)}" for kind, names in problems.items() if names)


def _shortened(names: list[str]) -> str:
    more = len(names) - SHOWN
    # Names come from a foreign file and may hold what a terminal obeys.
    told = [name if name.isprintable() else ascii(name) for name in names[:SHOWN]]
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")
