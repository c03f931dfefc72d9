"""Files that extend one another: presets, and scales that experiments share."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

from experiments.errors import InputError, Problem, did_you_mean, validate
from experiments.schema import Extending
from experiments.target_files import shown
from experiments.yaml_files import read_yaml

Extended = TypeVar("Extended", bound=Extending)


def names_in(folder: Path) -> list[str]:
    """Names of the YAML files in a folder, without their endings."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read_extended(model: type[Extended], folder: Path, name: str, asked_by: str) -> tuple[tuple[str, Extended], ...]:
    """Reads a file and those that it extends.

    Args:
        model: what such a file may say; it is called by its name in messages, such as `preset`.
        folder: in which all of them lie.
        name: of the file, without its ending.
        asked_by: where the name stands, for messages.

    Returns:
        Each file as messages call it and what it says; first the one that extends no other, last the one asked for.

    Raises:
        InputError: there is no such file, one of them has mistakes, or they extend one another in a circle.
    """
    chain: list[tuple[str, Extended]] = []
    names: list[str] = []
    wanted: str | None = name
    while wanted is not None:
        if wanted in names:
            circle = " -> ".join([*names[names.index(wanted) :], wanted])
            raise InputError(Problem(asked_by, f"leads back to itself: {circle}", "one of them must extend no other"))
        path = folder / f"{wanted}.yaml"
        if not path.is_file():
            what = f"names no {model.__name__.lower()}: '{wanted}'"
            raise InputError(Problem(asked_by, what, did_you_mean(wanted, names_in(folder))))
        part = _read(model, path)
        chain.insert(0, (shown(path), part))
        names.append(wanted)
        asked_by, wanted = f"{shown(path)}: extends", part.extends
    return tuple(chain)


@cache
def _read(model: type[Extended], path: Path) -> Extended:
    """Reads each file once, as most experiments use the same few."""
    file = shown(path)
    return validate(model, read_yaml(path, file), file)
