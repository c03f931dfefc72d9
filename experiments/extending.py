"""Files that extend one another: presets, and scales that experiments share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from experiments.errors import InputError, Problem, did_you_mean
from experiments.papers import shown
from experiments.schema import Extending
from experiments.validate import validate
from experiments.yaml_files import read_yaml

Extended = TypeVar("Extended", bound=Extending)


def names_in(folders: Sequence[Path]) -> list[str]:
    """Names of the YAML files in some folders, without their endings."""
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})


def read_extended(
    model: type[Extended], folders: Sequence[Path], name: str, asked_by: str
) -> tuple[tuple[str, Extended], ...]:
    """Reads a file and those that it extends.

    Args:
        model: what such a file may say; it is called by its name in messages, such as `preset`.
        folders: in which they lie.
        name: of the file, without its ending.
        asked_by: where the name stands, for messages.

    Returns:
        Each file as messages call it and what it says; first the one that extends no other, last the one asked for.

    Raises:
        InputError: there is no such file or there are two, one of them has mistakes, or they extend one another in a
            circle.
    """
    chain: list[tuple[str, Extended]] = []
    names: list[str] = []
    wanted: str | None = name
    while wanted is not None:
        if wanted in names:
            circle = " -> ".join([*names[names.index(wanted) :], wanted])
            raise InputError(Problem(asked_by, f"leads back to itself: {circle}", "one of them must extend no other"))
        path = _find(model, folders, wanted, asked_by)
        part = _read(model, path, path.stat().st_mtime_ns)
        chain.insert(0, (shown(path), part))
        names.append(wanted)
        asked_by, wanted = f"{shown(path)}: extends", part.extends
    return tuple(chain)


def _find(model: type[Extended], folders: Sequence[Path], name: str, asked_by: str) -> Path:
    kind = model.__name__.lower()
    found = [path for folder in folders if (path := folder / f"{name}.yaml").is_file()]
    if not found:
        what = f"names no {kind}: '{name}'"
        raise InputError(Problem(asked_by, what, did_you_mean(name, names_in(folders))))
    if len(found) > 1:
        what = f"has the name of a {kind} that ships, {shown(found[0])}"
        raise InputError(Problem(shown(found[1]), what, "rename it"))
    return found[0]


@cache
def _read(model: type[Extended], path: Path, changed: int) -> Extended:  # noqa: ARG001
    """Reads each file once, as most experiments use the same few, and again once it has changed."""
    file = shown(path)
    return validate(model, read_yaml(path, file), file)
