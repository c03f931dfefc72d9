"""Updates of a running sweep, and how many of them MLflow has received.

Updates are taken in at once; `deliver` brings MLflow up to date, and can be called again after it has raised.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.errors import InputError
from experiments.trial import Trial
from model.config import Task
from model.data.errors import DataError
from model.data.index import read_index, subset_root
from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.settings import Settings
from orchestrator.store.membership import MEMBERSHIPS, Membership, all_memberships, join_sweep, memberships_of
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import is_in_checkpoint
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.metric_points import MetricPoints
from orchestrator.tracking.reconcile import reconcile
from orchestrator.tracking.retry_policy import RetryPolicy, is_transient
from orchestrator.tracking.run_content import FINISHED, RUNNING, TRIAL_TAG, RunContent, read_content
from orchestrator.tracking.run_mirror import DIGEST_TAG, log_points, make_equal, set_status
from orchestrator.tracking.sweep_runs import end_sweep, sweep_run
from orchestrator.tracking.sweep_summary import Member
from orchestrator.trial.updates import Ended, Failed, Finished, Measured, Started, Update

if TYPE_CHECKING:
    from mlflow.entities import Run


log = logging.getLogger(__name__)


@dataclass
class _Attempt:
    """A trial with updates that MLflow has not received yet."""

    running: bool
    run: str = ""
    points: MetricPoints | None = None
    """Those that the run has got and those still to send; None until MLflow was looked at."""


class LiveSweep:
    """What is still to be logged of a sweep.

    Args:
        settings: MLflow's address and storage.
        paper: names the MLflow experiment.
        sweep: its name.
        trials: those that run.
        finished: those that were finished before; what MLflow lacks of them is made up for.
        given_up: once set, nothing is tried again.
    """

    def __init__(
        self,
        settings: Settings,
        paper: str,
        sweep: str,
        trials: Sequence[Trial],
        finished: Sequence[Trial],
        given_up: threading.Event,
    ) -> None:
        self._settings, self._paper, self._sweep = settings, paper, sweep
        self._store = Store(settings.storage)
        self._given_up = given_up
        self._new = [*finished, *trials]
        self._finished = [trial.key for trial in finished]
        self._attempts: dict[str, _Attempt] = {}
        self._clips_of: dict[Task, dict[str, int]] = {}
        self._joined: set[str] = set()
        self._runs: ExperimentRuns | None = None
        self._closing = False
        self._closed = False

    def take(self, update: Update) -> None:
        """Queues an update of a trial; calls nothing of MLflow."""
        match update:
            case Started():
                self._new.append(update.trial)
                self._attempts[update.key] = _Attempt(running=True)
            case Measured():
                points = self._attempts[update.key].points if update.key in self._attempts else None
                if points is not None:
                    points.add(update.line)
            case Finished() | Failed() | Ended():
                self._attempts.setdefault(update.key, _Attempt(running=False)).running = False

    def close(self) -> None:
        """The sweep is over: whatever still runs was interrupted."""
        self._closing = True
        for attempt in self._attempts.values():
            attempt.running = False

    @property
    def answered(self) -> float:
        """When MLflow last answered, by the monotonic clock; 0 if it never did."""
        return self._runs.client.answered if self._runs else 0.0

    @property
    def is_told(self) -> bool:
        """Whether MLflow has received everything of a closed sweep."""
        return self._closed

    def deliver(self) -> None:
        """Logs queued updates. Raises what MLflow raises; what could not be logged stays queued."""
        self._join()
        runs = self._connected()
        self._open(runs)
        first_error: Exception | None = None
        for key, attempt in list(self._attempts.items()):
            try:
                self._log_attempt(runs, key, attempt)
            except Exception as error:
                # The run may be gone: the next time it is looked for again.
                attempt.points = None
                if is_transient(error):
                    raise
                first_error = first_error or error
        if first_error is not None:
            self._runs = None
            raise first_error
        while self._finished:
            self._catch_up(runs, self._finished[-1])
            self._finished.pop()
        if self._closing and not self._closed:
            for sweep, parent in self._parents.items():
                known = runs.client.get_run(parent.info.run_id)
                end_sweep(runs, known, [Member(one, self._content(one.key, None)) for one in self._members(sweep)])
            self._closed = True

    def _join(self) -> None:
        """Notes which trials the sweep asked for, and finds out which ones were asked for elsewhere."""
        new = [trial for trial in self._new if trial.key not in self._joined]
        for trial in new:
            join_sweep(self._store.storage, trial, self._sweep, self._paper, self._clips(trial.task))
            self._joined.add(trial.key)
        if new or self._runs is None:
            self._store.storage.fetch(MEMBERSHIPS)
        self._new.clear()

    def _clips(self, task: Task) -> dict[str, int]:
        """Clips by split; none where this machine has no data."""
        if task not in self._clips_of:
            self._clips_of[task] = {}
            with suppress(DataError):
                index = read_index(subset_root(self._settings.data, task), task)
                self._clips_of[task] = dict(Counter(entry.split for entry in index))
        return self._clips_of[task]

    def _connected(self) -> ExperimentRuns:
        if self._runs is None:
            runs = ExperimentRuns(self._settings, self._paper, RetryPolicy(given_up=self._given_up))
            reconcile(runs, self._store)
            self._parents: dict[str, Run] = {}
            self._runs = runs
        return self._runs

    def _open(self, runs: ExperimentRuns) -> None:
        """Makes the run of the sweep, as soon as a trial belongs to it: a search begins without any."""
        if self._sweep not in self._parents:
            first = next((one for one in all_memberships(self._store.root) if one.sweep == self._sweep), None)
            if first is not None:
                set_status(runs.client, self._parent(runs, first), RUNNING, None)

    def _log_attempt(self, runs: ExperimentRuns, key: str, attempt: _Attempt) -> None:
        if not attempt.running:
            self._make_equal(runs, key, False, attempt.points)
            del self._attempts[key]
        elif attempt.points is None:
            told = self._make_equal(runs, key, True)
            if told is not None:
                run, content = told
                attempt.run, attempt.points = run.info.run_id, content.points
                content.points.all_sent()
        else:
            for batch in attempt.points.unsent():
                log_points(runs.client, attempt.run, batch)

    def _catch_up(self, runs: ExperimentRuns, key: str) -> None:
        known = runs.find({TRIAL_TAG: key}, FINISHED)
        if known is None or DIGEST_TAG not in known.data.tags:
            self._make_equal(runs, key, False)

    def _make_equal(
        self, runs: ExperimentRuns, key: str, running: bool, sent: MetricPoints | None = None
    ) -> tuple[Run, RunContent] | None:
        content = self._content(key, running)
        if content is None:
            return None
        # A trial that several sweeps share is below the first that asked for it.
        parent = self._parent(runs, content.sweeps[0]).info.run_id if content.sweeps else None
        return make_equal(runs, runs.find({TRIAL_TAG: key}), content, parent, sent), content

    def _content(self, key: str, running: bool | None) -> RunContent | None:
        folder = self._store.trial(key)
        folder.storage.fetch(folder.name, lambda name: not is_in_checkpoint(name))
        try:
            return read_content(folder, memberships_of(self._store.root, key), running)
        except InputError as error:
            log.warning("trial %s is not logged to MLflow: %s", key, error)
            return None

    def _parent(self, runs: ExperimentRuns, first: Membership) -> Run:
        if first.sweep not in self._parents:
            self._parents[first.sweep] = sweep_run(runs, runs.find({SWEEP_TAG: first.sweep}), first)
        return self._parents[first.sweep]

    def _members(self, sweep: str) -> list[Membership]:
        return [one for one in all_memberships(self._store.root) if one.sweep == sweep]
