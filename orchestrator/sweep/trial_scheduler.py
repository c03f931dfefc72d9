"""The trial scheduler: which trial may start, which waits, which gets another attempt. Knows no Ray."""

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
from orchestrator.trial.failures import FREE, is_retried
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.trial_state import WITHOUT_RESULT, TrialState
from orchestrator.trial.updates import Awaited, Finished, Update

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks at one trial in storage."""

StopReason = Literal["interrupted", "stopped", "budget", "disk-full", "ray-died"]


class TrialSuggester(Protocol):
    """Suggests trials while the sweep runs, as a search does; all with the same number of workers."""

    @property
    def workers(self) -> int:
        """Worker count of each trial."""
        ...

    def ask(self) -> Trial | None:
        """The next trial; None while there is none."""
        ...

    @property
    def complete(self) -> bool:
        """Whether no further trial will be suggested."""
        ...

    def ended(self, key: str) -> None:
        """Called when a trial has ended; its record in storage says how."""
        ...


@dataclass
class Entry:
    """A trial of the sweep."""

    trial: Trial
    state: TrialState = TrialState.WAITING
    charged: int = 0
    """Failures of this run that count as retries."""
    free: int = 0
    """Failures of this run that do not."""
    held_by: str = ""
    """Host and attempt of another run that holds the lease."""
    looked: float = field(default=float("-inf"))


class TrialScheduler:
    """Schedules the trials of a sweep and tracks their states in this run.

    Args:
        trials: without a result, in the order in which they shall start.
        store: of the trials.
        watch: tells on which trials other runs hold the lease.
        retries: further attempts that a trial gets when its process dies or hangs.
        most_trials: that this run may start; None for all.
        suggester: of further trials, as in a search.
        send: receives updates about trials that other runs hold.
    """

    def __init__(
        self,
        trials: Iterable[Trial],
        store: Store,
        watch: LeaseWatch,
        retries: int,
        most_trials: int | None = None,
        suggester: TrialSuggester | None = None,
        send: Callable[[Update], None] | None = None,
    ) -> None:
        self.entries = {trial.key: Entry(trial) for trial in trials}
        self._waiting = dict(self.entries)
        """Those that may still start, in their order: of ten thousand trials most have ended, or wait behind others."""
        self._running: dict[str, Trial] = {}
        self.stop_reason: StopReason | None = None
        self._store, self._watch, self._retries = store, watch, retries
        self._most_trials, self._started = most_trials, set[str]()
        self._suggester, self._send = suggester, send

    def next(self, workers: int, most: int) -> Trial | None:
        """The next trial with so many workers that may start now; it counts as running from here on.

        Args:
            workers: of the trial.
            most: trials that may run at once.
        """
        if self.stop_reason is not None or len(self.running()) >= most:
            return None
        for entry in list(self._waiting.values()):
            if entry.trial.workers == workers and self._is_open(entry) and self._may_start(entry):
                return self._start(entry)
        suggester = self._open_suggester()
        suggested = suggester.ask() if suggester and suggester.workers == workers else None
        if suggested is None:
            return None
        entry = self.entries.setdefault(suggested.key, Entry(suggested))
        self._waiting.setdefault(suggested.key, entry)
        return self._start(entry) if self._may_start(entry) else None

    def attempt(self, key: str) -> int:
        """Number of the attempt that a trial from `next` should acquire."""
        return self._watch.next_number(key)

    def worker_counts(self) -> list[int]:
        """Worker counts of the trials that may still start, ascending; empty when the sweep is over."""
        if self.stop_reason is not None:
            return []
        self._settle()
        worker_counts = {entry.trial.workers for entry in self._waiting.values() if self._is_next_of_its_size(entry)}
        if suggester := self._open_suggester():
            worker_counts.add(suggester.workers)
        if not worker_counts and not self.running() and self._is_limit_reached():
            self.stop("budget")
        return sorted(worker_counts)

    def running(self) -> list[Trial]:
        """Trials that run now."""
        return list(self._running.values())

    def stop(self, reason: StopReason) -> None:
        """Starts no further trial; the first reason stands."""
        self.stop_reason = self.stop_reason or reason

    def finished(self, key: str) -> None:
        """Notes that a trial has its result."""
        self._end(key, TrialState.FINISHED)

    def pruned(self, key: str) -> None:
        """Notes that early stopping ended a trial."""
        self._end(key, TrialState.PRUNED)

    def stopped(self, key: str) -> None:
        """Notes that a trial was stopped; it does not start again in this run."""
        self._end(key, TrialState.STOPPED)

    def taken(self, key: str) -> None:
        """Notes that another run acquired the lease first; the trial waits for it."""
        self._wait(self.entries[key])
        self.entries[key].looked = time.monotonic()

    def failed(self, key: str, failure: FailureRecord) -> bool:
        """Notes that an attempt failed; returns whether the trial gets another one in this run."""
        entry = self.entries[key]
        if failure.category in FREE:
            entry.free += 1
        else:
            entry.charged += 1
        again = is_retried(failure.category, entry.charged, entry.free, self._retries)
        if again:
            self._wait(entry)
        else:
            self._end(key, TrialState.FAILED)
        if failure.category == "disk-full":
            self.stop("disk-full")
        return again and self.stop_reason is None

    def _wait(self, entry: Entry) -> None:
        """Puts a trial back in its place."""
        entry.state = TrialState.WAITING
        self._running.pop(entry.trial.key, None)
        waits = {*self._waiting, entry.trial.key}
        self._waiting = {key: one for key, one in self.entries.items() if key in waits}

    def _end(self, key: str, state: TrialState) -> None:
        self.entries[key].state = state
        self._running.pop(key, None)
        self._waiting.pop(key, None)
        if self._suggester is not None:
            self._suggester.ended(key)

    def _start(self, entry: Entry) -> Trial:
        entry.state, entry.held_by = TrialState.RUNNING, ""
        self._running[entry.trial.key] = self._waiting.pop(entry.trial.key).trial
        self._started.add(entry.trial.key)
        return entry.trial

    def _may_start(self, entry: Entry) -> bool:
        """Whether the parent is finished and no other run holds the lease; looks at most every `LOOK_EVERY` seconds."""
        if time.monotonic() - entry.looked < LOOK_EVERY:
            return False
        entry.looked = time.monotonic()
        try:
            return self._is_free(entry)
        except (InputError, OSError, StorageError) as error:
            log.warning("trial %s cannot be looked at now: %s", entry.trial.key, error)
            return False

    def _is_free(self, entry: Entry) -> bool:
        parent = entry.trial.parent
        if parent is not None and parent.key in self.entries and self.entries[parent.key].state != TrialState.FINISHED:
            return False
        holder = self._watch.holder(entry.trial.key)
        if holder is not None:
            self._wait_for(entry, f"{holder.host}, attempt {holder.attempt}")
            return False
        folder = self._store.trial(entry.trial.key)
        if not self._store.has_result(entry.trial.key):
            return True
        folder.fetch_documents()
        self._end(entry.trial.key, TrialState.FINISHED)
        if self._send and folder.result:
            self._send(Finished(entry.trial.key, folder.result))
        return False

    def _wait_for(self, entry: Entry, holder: str) -> None:
        if self._send and entry.held_by != holder:
            self._send(Awaited(entry.trial.key, holder))
        entry.held_by = holder

    def _is_next_of_its_size(self, entry: Entry) -> bool:
        """Whether a trial waits for no parent that must run with another worker count first."""
        parent = self.entries.get(entry.trial.parent.key) if entry.trial.parent else None
        if not self._is_open(entry):
            return False
        return parent is None or parent.state == TrialState.FINISHED or parent.trial.workers == entry.trial.workers

    def _is_open(self, entry: Entry) -> bool:
        """Whether the limit on trials leaves room for a trial that waits; further attempts always have room."""
        return entry.trial.key in self._started or not self._is_limit_reached()

    def _is_limit_reached(self) -> bool:
        return self._most_trials is not None and len(self._started) >= self._most_trials

    def _open_suggester(self) -> TrialSuggester | None:
        is_closed = self._suggester is None or self._suggester.complete or self._is_limit_reached()
        return None if is_closed else self._suggester

    def _settle(self) -> None:
        """Stops trials whose parent will have no result in this run."""
        for key, entry in list(self._waiting.items()):
            parent = entry.trial.parent
            ended = parent is not None and parent.key in self.entries and self.entries[parent.key].state
            if ended in WITHOUT_RESULT:
                entry.state = TrialState.STOPPED
                del self._waiting[key]
