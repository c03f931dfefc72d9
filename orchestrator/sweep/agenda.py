"""What a sweep does next: which trial may start, which waits, which gets another attempt. Knows no Ray."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from experiments.errors import InputError
from experiments.records import FailureRecord
from experiments.trial import Trial
from orchestrator.storage.errors import StorageError
from orchestrator.store.store import Store
from orchestrator.trial.attempts import AttemptWatch
from orchestrator.trial.failures import FREE, is_retried
from orchestrator.trial.updates import Awaited, Finished, Update

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between looks at what other runs hold."""

Phase = Literal["waiting", "running", "finished", "failed", "stopped", "pruned"]
StopReason = Literal["interrupted", "stopped", "budget", "disk-full", "ray-died"]


class Proposer(Protocol):
    """Suggests trials while the sweep runs, as a search does; all of one shape."""

    @property
    def workers(self) -> int:
        """Of each trial."""
        ...

    def ask(self) -> Trial | None:
        """The next trial; None while there is none."""
        ...

    @property
    def complete(self) -> bool:
        """Whether there will be no more."""
        ...

    def ended(self, key: str) -> None:
        """A trial came to an end; storage says how."""
        ...


@dataclass
class Entry:
    """A trial of the sweep."""

    trial: Trial
    phase: Phase = "waiting"
    charged: int = 0
    """Failures of this run that count as retries."""
    free: int = 0
    """Failures of this run that do not."""
    held_by: str = ""
    """Where another run has it."""
    looked: float = field(default=float("-inf"))


class Agenda:
    """The trials of a sweep and what has become of them in this run.

    Args:
        trials: without a result, in the order in which they shall start.
        store: tells results and claims.
        watch: tells which trials other runs hold.
        retries: further attempts that a trial gets when its process dies or hangs.
        most_trials: that this run may start; None for all.
        proposer: of further trials.
        tell: hears what other runs do with these trials.
    """

    def __init__(
        self,
        trials: Iterable[Trial],
        store: Store,
        watch: AttemptWatch,
        retries: int,
        most_trials: int | None = None,
        proposer: Proposer | None = None,
        tell: Callable[[Update], None] | None = None,
    ) -> None:
        self.entries = {trial.key: Entry(trial) for trial in trials}
        self.stop_reason: StopReason | None = None
        self._store, self._watch, self._retries = store, watch, retries
        self._most_trials, self._started = most_trials, set[str]()
        self._proposer, self._tell = proposer, tell

    def next(self, workers: int, most: int) -> Trial | None:
        """The next trial of a shape that may start now; it counts as running from here on.

        Args:
            workers: of the trial.
            most: trials that may run at once.
        """
        if self.stop_reason is not None or len(self.running()) >= most:
            return None
        for entry in self.entries.values():
            if entry.trial.workers == workers and self._is_open(entry) and self._may_start(entry):
                return self._start(entry)
        proposer = self._open_proposer()
        proposed = proposer.ask() if proposer and proposer.workers == workers else None
        if proposed is None:
            return None
        entry = self.entries.setdefault(proposed.key, Entry(proposed))
        return self._start(entry) if self._may_start(entry) else None

    def attempt(self, key: str) -> int:
        """The number that a trial must claim which was handed out: nobody had it when it was looked at."""
        return self._watch.next_number(key)

    def shapes(self) -> list[int]:
        """Numbers of workers of the trials that may still start, ascending; none when the sweep is over."""
        if self.stop_reason is not None:
            return []
        self._settle()
        shapes = {entry.trial.workers for entry in self.entries.values() if self._can_start_in_its_shape(entry)}
        if proposer := self._open_proposer():
            shapes.add(proposer.workers)
        if not shapes and not self.running() and self._is_limit_reached():
            self.stop("budget")
        return sorted(shapes)

    def running(self) -> list[Trial]:
        """Trials that run now."""
        return [entry.trial for entry in self.entries.values() if entry.phase == "running"]

    def stop(self, reason: StopReason) -> None:
        """Nothing new starts from now on; the first reason stands."""
        self.stop_reason = self.stop_reason or reason

    def finished(self, key: str) -> None:
        """A trial has its result."""
        self._end(key, "finished")

    def pruned(self, key: str) -> None:
        """Early stopping gave a trial up."""
        self._end(key, "pruned")

    def stopped(self, key: str) -> None:
        """A trial was asked to end early; it stays so for this run."""
        self._end(key, "stopped")

    def taken(self, key: str) -> None:
        """Another run was faster; its claim is waited for."""
        entry = self.entries[key]
        entry.phase, entry.looked = "waiting", time.monotonic()

    def failed(self, key: str, failure: FailureRecord) -> bool:
        """An attempt failed; says whether the trial gets another one."""
        entry = self.entries[key]
        if failure.category in FREE:
            entry.free += 1
        else:
            entry.charged += 1
        again = is_retried(failure.category, entry.charged, entry.free, self._retries)
        if again:
            entry.phase = "waiting"
        else:
            self._end(key, "failed")
        if failure.category == "disk-full":
            self.stop("disk-full")
        return again and self.stop_reason is None

    def _end(self, key: str, phase: Phase) -> None:
        self.entries[key].phase = phase
        if self._proposer is not None:
            self._proposer.ended(key)

    def _start(self, entry: Entry) -> Trial:
        entry.phase, entry.held_by = "running", ""
        self._started.add(entry.trial.key)
        return entry.trial

    def _may_start(self, entry: Entry) -> bool:
        """Whether the trial's source is there and nobody else has the trial; looks at storage now and then."""
        if time.monotonic() - entry.looked < LOOK_EVERY:
            return False
        entry.looked = time.monotonic()
        try:
            return self._is_free(entry)
        except (InputError, OSError, StorageError) as error:
            log.warning("trial %s cannot be looked at now: %s", entry.trial.key, error)
            return False

    def _is_free(self, entry: Entry) -> bool:
        source = entry.trial.source
        if source is not None and source.key in self.entries and self.entries[source.key].phase != "finished":
            return False
        holder = self._watch.holder(entry.trial.key)
        if holder is not None:
            self._wait_for(entry, f"{holder.host}, attempt {holder.attempt}")
            return False
        folder = self._store.trial(entry.trial.key)
        if not self._store.has_result(entry.trial.key):
            return True
        folder.fetch_documents()
        self._end(entry.trial.key, "finished")
        if self._tell and folder.result:
            self._tell(Finished(entry.trial.key, folder.result))
        return False

    def _wait_for(self, entry: Entry, holder: str) -> None:
        if self._tell and entry.held_by != holder:
            self._tell(Awaited(entry.trial.key, holder))
        entry.held_by = holder

    def _can_start_in_its_shape(self, entry: Entry) -> bool:
        """Whether a trial waits for nothing that must run in another shape first."""
        source = self.entries.get(entry.trial.source.key) if entry.trial.source else None
        if not self._is_open(entry):
            return False
        return source is None or source.phase == "finished" or source.trial.workers == entry.trial.workers

    def _is_open(self, entry: Entry) -> bool:
        """Whether a trial waits, and the limit on trials leaves room for it; further attempts always have room."""
        return entry.phase == "waiting" and (entry.trial.key in self._started or not self._is_limit_reached())

    def _is_limit_reached(self) -> bool:
        return self._most_trials is not None and len(self._started) >= self._most_trials

    def _open_proposer(self) -> Proposer | None:
        is_closed = self._proposer is None or self._proposer.complete or self._is_limit_reached()
        return None if is_closed else self._proposer

    def _settle(self) -> None:
        """Followers of trials that will have no result in this run do not wait for them."""
        for entry in self.entries.values():
            source = entry.trial.source
            ended = source is not None and source.key in self.entries and self.entries[source.key].phase
            if entry.phase == "waiting" and ended in ("failed", "stopped", "pruned"):
                entry.phase = "stopped"
