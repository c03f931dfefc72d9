"""Which trials each sweep asked for: one small file per sweep and trial, never changed.

A trial that several tables share is one trial, so its directory does not say what it was run for; and a trial that has
not begun has no directory at all.

<storage>/memberships/<sweep>/<trial key>.json
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pydantic import Field

from experiments.errors import InputError
from experiments.records import Record
from experiments.stored_types import Count, Moment
from experiments.trial import Trial
from model.config import Task
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import read_record, record_bytes

log = logging.getLogger(__name__)

MEMBERSHIPS = "memberships"


class Membership(Record):
    """A trial's place in one sweep."""

    key: str
    """The trial key."""
    sweep: str
    paper: str
    experiment: str = Field(alias="study")
    """Its name, such as `combo/table7`; stored as `study`."""
    variant: str
    task: Task
    seed: int
    label: str
    joined: Moment
    clips: dict[str, Count] = Field(default_factory=dict)
    """Clips of the task by split, as the index of the data lists them."""


def join_sweep(storage: Storage, trial: Trial, sweep: str, paper: str, clips: dict[str, int]) -> None:
    """Notes that a sweep asked for a trial; does nothing if that is known."""
    name = f"{MEMBERSHIPS}/{sweep}/{trial.key}.json"
    if storage.read(name) is not None:
        return
    membership = Membership(
        key=trial.key,
        sweep=sweep,
        paper=paper,
        study=trial.experiment,
        variant=trial.variant,
        task=trial.task,
        seed=trial.seed,
        label=trial.label,
        joined=datetime.now(UTC).isoformat(timespec="milliseconds"),
        clips=clips,
    )
    storage.create(name, record_bytes(membership))


def all_memberships(root: Path) -> list[Membership]:
    """The memberships of all sweeps of a storage, the first to join first."""
    return _read((root / MEMBERSHIPS).glob("[!.]*/[!.]*.json"))


def memberships_of(root: Path, key: str) -> list[Membership]:
    """The sweeps that asked for a trial, the first to do so first."""
    return _read((root / MEMBERSHIPS).glob(f"[!.]*/{key}.json"))


def _read(paths: Iterable[Path]) -> list[Membership]:
    """Reads memberships; damaged files are skipped, as they only name runs."""
    found = []
    for path in paths:
        try:
            membership = read_record(path, Membership)
        except InputError as error:
            _warn(str(error))
            continue
        if membership is not None:
            found.append(membership)
    return sorted(found, key=lambda membership: (membership.joined, membership.sweep, membership.key))


@cache
def _warn(problem: str) -> None:
    """Warns once for each file, as a sweep reads memberships repeatedly."""
    log.warning("%s; it is passed over", problem)
