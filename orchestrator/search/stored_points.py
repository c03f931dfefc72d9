"""Points of a search, read from trial directories; there is no other record of a search."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

from experiments.errors import InputError
from experiments.identity import trial_key
from experiments.records import METRICS_DIR, AttemptRecord, TrialRecord
from experiments.searches import ScaledSearch
from experiments.trial_files import before_attempt
from model.config import TrialConfig
from orchestrator.search.points import RUNNING, Outcome, TriedPoint, failed, finished, pruned
from orchestrator.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.store.stored_documents import read_record
from orchestrator.store.trial_folder import TrialFolder
from orchestrator.trial.failures import NOT_ITS_FAULT


class StoredTrials:
    """The trials in storage, seen as points of a search.

    Args:
        search: bound to its data.
        storage: with its documents fetched (`Store.refresh`).
    """

    def __init__(self, search: ScaledSearch, storage: Storage) -> None:
        self._search, self._storage = search, storage
        self._store = Store(storage)

    def points(self, known: Iterable[str] | None = None) -> list[TriedPoint]:
        """All points of the search that have a trial directory, in the order of their first attempts.

        Args:
            known: keys of the trials to look at; all that are stored by default.
        """
        folders = self._store.trials() if known is None else map(self._store.trial, known)
        found = [
            TriedPoint(point, self._search.trial(point), self._outcome(folder))
            for folder in folders
            if (config := _config(folder)) is not None and (point := self._search.point_of(config)) is not None
        ]
        return sorted(found, key=lambda tried: (_began(self._store.trial(tried.trial.key)), tried.trial.key))

    def outcome(self, key: str) -> Outcome | None:
        """What became of a trial, as it is stored now; None if storage does not know it."""
        folder = self._store.trial(key)
        folder.fetch_documents()
        return self._outcome(folder) if folder.identity_file.exists() else None

    def _outcome(self, folder: TrialFolder) -> Outcome:
        """The outcome of a trial; a damaged one counts as failed."""
        try:
            result, failure = folder.result, folder.failure
        except InputError as error:
            return failed(f"damaged: {error.problems[0]}")
        if result is not None:
            return finished(result, self._search.search.objectives)
        # What the machine did to an attempt leaves the trial to be run; other failures wait for `combo retry`.
        if failure is not None and failure.category not in NOT_ITS_FAULT:
            return failed(f"{failure.kind}: {failure.message}")
        # A search without early stopping wants to the end what another one gave up.
        last = folder.last_attempt
        if self._search.search.early_stopping is not None and last is not None and last.ended == "pruned":
            self._storage.fetch(f"{folder.name}/{METRICS_DIR}")
            return pruned(_validations(folder))
        return RUNNING


def _validations(folder: TrialFolder) -> dict[int, float]:
    """Validation M_J by step, joined over the attempts."""
    found: dict[int, float] = {}
    for _, attempt in groupby(folder.metric_lines(), attrgetter("attempt")):
        lines = list(attempt)
        found = before_attempt(found, lines)
        found |= {line.step: line.values["m_j"] for line in lines if line.kind == "evaluation" and "m_j" in line.values}
    return found


def _config(folder: TrialFolder) -> TrialConfig | None:
    """The configuration in an intact directory; None for a damaged one."""
    with suppress(InputError):
        stored = read_record(folder.identity_file, TrialRecord)
        return stored.config if stored is not None and trial_key(stored.config) == folder.path.name else None
    return None


def _began(folder: TrialFolder) -> datetime:
    """When the first attempt began; trials that do not say so come first."""
    with suppress(InputError, ValueError):
        first = read_record(folder.attempt_file(1), AttemptRecord)
        told = first or (folder.result and folder.result.provenance)
        if told:
            began = datetime.fromisoformat(told.started)
            return began if began.tzinfo else began.replace(tzinfo=UTC)
    return datetime.min.replace(tzinfo=UTC)
