"""What a run would do: which trials are finished, which continue, which start. Planning starts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TypeAlias

from experiments.errors import InputError, unreadable
from experiments.expand import expand
from experiments.other_schema import OtherSchemaError
from experiments.records import AttemptRecord, FailureRecord, ProtocolRecord
from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial, with_parents
from model.config import Task
from orchestrator.planning.known_data import fingerprint_of
from orchestrator.planning.other_schemas import OtherTrial, trials_of_other_schemas
from orchestrator.store.store import Store
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.process_identity import is_dead
from orchestrator.trial.trial_state import REFUSED, TO_RUN, TrialState, stored_state

DataNeed: TypeAlias = tuple[Task, str | None]
"""A task, and whose Maskiges its trials see; None where they see none."""


@dataclass(frozen=True)
class PlannedTrial:
    """A trial and what storage knows of it."""

    trial: Trial
    state: TrialState
    attempts: int
    reason: str = ""
    """Why the last attempt failed, where the trial runs, or what is wrong with its folder or its permissions."""
    protocol: ProtocolRecord | None = None
    """Under which it was scored when it finished; None without a result."""


@dataclass(frozen=True)
class Plan:
    """Unique trials of experiments or a search, in order."""

    name: str
    """Name of the sweep, such as `combo-table7-demo-5f2c1e0a`."""
    entries: tuple[PlannedTrial, ...]
    """All trials, parents included."""
    keeps_pruned: bool = False
    """Whether trials that early stopping gave up stay so, as in the search that did it; others want them finished."""

    @property
    def to_run(self) -> list[Trial]:
        """Trials that are to get a result, and whose parents have one or get it in the same run."""
        return [entry.trial for entry in self.entries if self._is_wanted(entry) and self._has_start(entry)]

    @property
    def failed(self) -> list[Trial]:
        """Trials that failed by their own fault."""
        return [entry.trial for entry in self.entries if entry.state == TrialState.FAILED]

    @property
    def begun(self) -> list[Trial]:
        """Readable trials that have had an attempt."""
        readable = [entry for entry in self.entries if entry.state not in REFUSED]
        return [entry.trial for entry in readable if entry.attempts or entry.state != TrialState.NEW]

    @property
    def refused(self) -> list[Trial]:
        """Trials that are stored, but cannot be read."""
        return [entry.trial for entry in self.entries if entry.state in REFUSED]

    @property
    def finished(self) -> list[Trial]:
        """Trials that have their result."""
        return [entry.trial for entry in self.entries if entry.state == TrialState.FINISHED]

    def count(self, state: TrialState) -> int:
        """Trials in a state."""
        return sum(entry.state == state for entry in self.entries)

    @cached_property
    def _by_key(self) -> Mapping[str, PlannedTrial]:
        return {entry.trial.key: entry for entry in self.entries}

    def _is_wanted(self, entry: PlannedTrial) -> bool:
        """Whether a trial has no result yet and may still get one without `combo retry`."""
        return entry.state in TO_RUN or (entry.state == TrialState.PRUNED and not self.keeps_pruned)

    def _has_start(self, entry: PlannedTrial) -> bool:
        """Whether a trial's parent is finished, or will be in this run."""
        parent = entry.trial.parent
        if parent is None:
            return True
        found = self._by_key[parent.key]
        return found.state == TrialState.FINISHED or self._is_wanted(found)


def make_plan(
    name: str,
    trials: Iterable[Trial],
    store: Store,
    *,
    keeps_pruned: bool = False,
    watch: LeaseWatch | None = None,
) -> Plan:
    """Looks every trial, and those that others start from, up in storage; shared trials appear once.

    Args:
        name: of the sweep.
        trials: wanted.
        store: with its documents refreshed.
        keeps_pruned: whether trials that early stopping gave up stay so.
        watch: notices when an attempt on another machine is dead; without one it counts as running.
    """
    unique: dict[str, Trial] = {}
    for trial in with_parents(trials):
        unique.setdefault(trial.key, trial)
    entries = [look_up(trial, store, watch) for trial in unique.values()]
    return Plan(name, tuple(_recognised(entries, store)), keeps_pruned)


def trials_on_data(experiments: Iterable[ScaledExperiment], data: Path, workers: int | None = None) -> list[Trial]:
    """Expands experiments and binds every trial to the content of its data set.

    Args:
        experiments: what to run.
        data: the data folder.
        workers: data-parallel workers of every trial; by default what the experiment says.

    Raises:
        DataError: a subset is not in the data folder.
        InputError: overrides that do not fit.
    """
    fingerprint = cache(partial(fingerprint_of, data))
    bound = [trial for scaled in experiments for trial in expand(scaled, fingerprint)]
    return bound if workers is None else [sized(trial, workers) for trial in bound]


def trials_where_data_are(
    experiments: Iterable[ScaledExperiment], data: Path, workers: int | None
) -> tuple[list[Trial], dict[DataNeed, str]]:
    """As `trials_on_data`, but trials whose data cannot be used stay unbound; says why, by task and proposer.

    Raises:
        InputError: overrides that do not fit.
    """
    from model.data.errors import DataError

    unusable: dict[DataNeed, str] = {}

    @cache
    def fingerprint(task: Task, proposer: str | None, size: int) -> str:
        try:
            return fingerprint_of(data, task, proposer, size)
        except DataError as error:
            unusable[task, proposer] = str(error)
            return ""

    bound = [trial for scaled in experiments for trial in expand(scaled, fingerprint)]
    return bound if workers is None else [sized(trial, workers) for trial in bound], unusable


def sized(trial: Trial, workers: int) -> Trial:
    """The same trial, and the one that it starts from, with so many data-parallel workers."""
    return replace(trial, workers=workers, parent=None if trial.parent is None else sized(trial.parent, workers))


def _recognised(entries: Sequence[PlannedTrial], store: Store) -> list[PlannedTrial]:
    """The entries, with new trials that are stored under the key of another schema marked as such."""
    if all(entry.state != TrialState.NEW for entry in entries):
        return list(entries)
    others = list(trials_of_other_schemas(store))
    return [_told_as(entry, others) if entry.state == TrialState.NEW else entry for entry in entries]


def _told_as(entry: PlannedTrial, others: Iterable[OtherTrial]) -> PlannedTrial:
    same = next((other for other in others if other.is_same_as(entry.trial.config)), None)
    return entry if same is None else replace(entry, state=TrialState.OTHER_SCHEMA, reason=str(same))


def look_up(trial: Trial, store: Store, watch: LeaseWatch | None) -> PlannedTrial:
    """A trial and what storage knows of it; see `make_plan`."""
    folder = store.trial(trial.key)
    try:
        folder.path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return PlannedTrial(trial, TrialState.NEW, attempts=0)
    except PermissionError as error:
        return PlannedTrial(trial, TrialState.UNREADABLE, 0, str(unreadable(str(folder.path), error)))
    attempts = folder.attempts
    try:
        folder.check_files()
        folder.check_identity(trial)
        result, failure = folder.result, folder.failure
    except InputError as error:
        return PlannedTrial(trial, _refused_as(error), attempts, str(error.problems[0]))
    is_finished, last = result is not None, folder.last_attempt
    is_running = not is_finished and last is not None and last.ended is None and _is_alive(trial.key, last, watch)
    state = stored_state(
        is_finished=is_finished,
        is_running=is_running,
        last_attempt=last,
        failure=failure,
        has_checkpoint=not is_finished and folder.has_checkpoint,
    )
    protocol = None if result is None else result.protocol
    return PlannedTrial(trial, state, attempts, _reason(state, last, failure), protocol)


def _reason(state: TrialState, last: AttemptRecord | None, failure: FailureRecord | None) -> str:
    """Where a trial runs, or why its last attempt failed; empty in other states."""
    if state == TrialState.RUNNING and last is not None:
        return f"step {last.step} on {last.host}, seen {last.seen}"
    if state in (TrialState.FAILED, TrialState.RESUMABLE, TrialState.NEW) and failure is not None:
        return f"{failure.kind}: {failure.message}"
    return ""


def _refused_as(error: InputError) -> TrialState:
    if isinstance(error, OtherSchemaError):
        return TrialState.OTHER_SCHEMA
    return TrialState.UNREADABLE if error.problems[0].is_denied else TrialState.DAMAGED


def _is_alive(key: str, last: AttemptRecord, watch: LeaseWatch | None) -> bool:
    """Whether an attempt may still run; for another machine only a `LeaseWatch` can tell that it does not."""
    return not is_dead(last.process) if watch is None else watch.holder_after(key, last) is not None
