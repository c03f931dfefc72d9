"""Caches run ids of an embedded MLflow while its database is unchanged, as importing MLflow takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from experiments.atomic_write import write_atomic
from reports.stored.file_marks import mark_files

FILE = "runs.json"

RunIds = tuple[str, str]
"""Experiment and run, by their ids."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    mark: str
    """State of the database file when it was read."""
    runs: dict[str, RunIds | None]
    """By trial key; None where there is no run."""


def known_runs(
    database: Path, folder: Path, keys: Iterable[str], look_up: Callable[[list[str]], dict[str, RunIds]]
) -> dict[str, RunIds]:
    """The runs of trials, asking only for those that were not asked for since the database last changed.

    Args:
        database: of the embedded MLflow.
        folder: for what can be computed again.
        keys: of the trials.
        look_up: asks MLflow.
    """
    wanted = list(keys)
    mark = mark_files(database.parent, [database.name])
    kept = _read(folder / FILE)
    known = kept.runs if kept is not None and mark is not None and kept.mark == mark.text else {}
    missing = [key for key in wanted if key not in known]
    if missing:
        found = look_up(missing)
        known = {**known, **{key: found.get(key) for key in missing}}
        if mark is not None and mark.is_settled:
            with suppress(OSError):
                write_atomic(folder / FILE, _Kept(mark=mark.text, runs=known).model_dump_json())
    return {key: ids for key in wanted if (ids := known[key]) is not None}


def _read(path: Path) -> _Kept | None:
    with suppress(OSError, ValidationError):
        return _Kept.model_validate_json(path.read_bytes())
    return None
