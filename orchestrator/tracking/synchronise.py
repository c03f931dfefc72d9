"""Makes MLflow equal to storage: after an outage, into an empty server, after runs were lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from experiments.errors import InputError, Problem, did_you_mean
from experiments.records import EVALUATIONS
from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.settings import Settings
from orchestrator.store.membership import MEMBERSHIPS, Membership, all_memberships
from orchestrator.store.store import Store
from orchestrator.tracking.evaluation_run import EVALUATION_TAG, MLFLOW_EXPERIMENT, log_evaluation
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.reconcile import reconcile
from orchestrator.tracking.run_content import RUNNING, TRIAL_TAG, RunContent, read_content
from orchestrator.tracking.run_mirror import DIGEST_TAG, make_equal
from orchestrator.tracking.sweep_runs import end_sweep, sweep_run
from orchestrator.tracking.sweep_summary import Member

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass
class Synchronised:
    """Outcome of a synchronisation."""

    runs: int = 0
    """Number of runs of sweeps, trials and evaluations, all equal to storage now."""
    changed: int = 0
    """Those of them that were not equal before."""
    running: int = 0
    """Trials that run now: their sweep tells MLflow of them."""
    problems: list[Problem] = field(default_factory=list)
    """Damaged records; their runs were left as they are."""


def synchronise(
    settings: Settings, experiments: Collection[str], on_progress: Callable[[int, int], None]
) -> Synchronised:
    """Makes the runs of all trials, or of the named experiments' trials, equal to what is stored.

    Args:
        settings: MLflow's address and storage.
        experiments: names of experiments; none for everything, evaluations included.
        on_progress: called with how many trials are done and how many there are.

    Raises:
        InputError: no sweep in the storage belongs to a named experiment.
        Exception: what MLflow raises when it cannot be written, after retries.
    """
    store = Store(settings.storage)
    store.storage.fetch(MEMBERSHIPS)
    store.refresh_all()
    joined = all_memberships(store.root)
    outcome = Synchronised()
    contents = _contents(store, _wanted(joined, experiments), joined, bool(experiments), outcome)
    papers: dict[str, list[RunContent]] = defaultdict(list)
    for content in contents.values():
        papers[content.sweeps[0].paper if content.sweeps else MLFLOW_EXPERIMENT].append(content)
    done = 0
    for paper, trials in papers.items():
        one = _Paper(ExperimentRuns(settings, paper), store, outcome)
        for content in trials:
            try:
                one.trial(content)
            except InputError as error:
                outcome.problems += error.problems
            done += 1
            on_progress(done, len(contents))
        one.end_sweeps(joined, contents)
        reconcile(one.runs, store)
    if not experiments and any((store.root / EVALUATIONS).glob("[!.]*")):
        _Paper(ExperimentRuns(settings, MLFLOW_EXPERIMENT), store, outcome).evaluations()
    return outcome


class _Paper:
    """The runs of one paper, as they were found."""

    def __init__(self, runs: ExperimentRuns, store: Store, outcome: Synchronised) -> None:
        self.runs, self._store, self._outcome = runs, store, outcome
        found = runs.search({})
        known = {folder.path.name for folder in store.trials()}
        self._trials = self._by_tag((run for run in found if run.data.tags.get(TRIAL_TAG) in known), TRIAL_TAG)
        self._sweeps = self._by_tag(found, SWEEP_TAG)
        self._evaluations = self._by_tag(found, EVALUATION_TAG)
        self._touched: set[str] = set()

    def trial(self, content: RunContent) -> None:
        """Makes the run of a trial equal to its directory."""
        if content.status == RUNNING:
            self._outcome.running += 1
            return
        before = self.runs.client.writes
        make_equal(self.runs, self._trials.get(content.key), content, self._parent(content))
        self._count(before)

    def end_sweeps(self, joined: Iterable[Membership], contents: dict[str, RunContent]) -> None:
        """Gives the sweeps of the trials the state that follows from all their trials."""
        members: dict[str, list[Membership]] = defaultdict(list)
        for membership in joined:
            members[membership.sweep].append(membership)
        for sweep in sorted(self._touched):
            before = self.runs.client.writes
            known = [Member(one, contents.get(one.key) or self._read(one.key)) for one in members[sweep]]
            end_sweep(self.runs, self._sweeps[sweep], known)
            self._count(before)

    def evaluations(self) -> None:
        """Puts the evaluations of the storage into MLflow."""
        for path in sorted((self._store.root / EVALUATIONS).glob("[!.]*")):
            before = self.runs.client.writes
            folder = self._store.evaluation(path.name)
            try:
                record = folder.record
            except InputError as error:
                self._outcome.problems += error.problems
                continue
            if record is not None:
                log_evaluation(self.runs, self._evaluations.get(record.key), folder, record)
                self._count(before)

    def _parent(self, content: RunContent) -> str | None:
        """The run of the sweep that was first to ask for the trial."""
        if not content.sweeps:
            return None
        first = content.sweeps[0]
        if first.sweep not in self._touched:
            self._sweeps[first.sweep] = sweep_run(self.runs, self._sweeps.get(first.sweep), first)
            self._touched.add(first.sweep)
        return str(self._sweeps[first.sweep].info.run_id)

    def _by_tag(self, found: Iterable[Run], tag: str) -> dict[str, Run]:
        """Runs by the tag that identifies them. Of several with the same tag the first complete one stays."""
        known: dict[str, Run] = {}
        for run in sorted(found, key=lambda run: DIGEST_TAG not in run.data.tags):
            if tag in run.data.tags and known.setdefault(run.data.tags[tag], run) is not run:
                self.runs.client.delete_run(run.info.run_id)
        return known

    def _read(self, key: str) -> RunContent | None:
        try:
            return read_content(self._store.trial(key), [])
        except InputError:
            return None

    def _count(self, writes_before: int) -> None:
        self._outcome.runs += 1
        self._outcome.changed += self.runs.client.writes > writes_before


def _wanted(joined: Iterable[Membership], experiments: Collection[str]) -> set[str]:
    """Keys of the trials that the named experiments asked for."""
    known = {membership.experiment for membership in joined}
    unknown = [
        Problem(name, "has no trials in this storage", did_you_mean(name, sorted(known)) if known else "run it first")
        for name in experiments
        if name not in known
    ]
    if unknown:
        raise InputError(*unknown)
    return {membership.key for membership in joined if membership.experiment in experiments}


def _contents(
    store: Store, wanted: set[str], joined: Iterable[Membership], only_wanted: bool, outcome: Synchronised
) -> dict[str, RunContent]:
    sweeps: dict[str, list[Membership]] = defaultdict(list)
    for membership in joined:
        sweeps[membership.key].append(membership)
    found = {}
    for folder in store.trials():
        key = folder.path.name
        if only_wanted and key not in wanted:
            continue
        try:
            content = read_content(folder, sweeps[key])
        except InputError as error:
            outcome.problems += error.problems
            continue
        if content is not None:
            found[key] = content
    return found
