"""Which trials are to be trained again, and what forbids it: every mistake is known before work begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.records import ResultRecord
from experiments.trial import Trial
from model.manifest import WEIGHTS_FILE
from model.weights.stored_model import read_stored_model
from orchestrator.planning.division import refuse_divided
from orchestrator.planning.plan import Plan, PlannedTrial
from orchestrator.planning.training_data import refuse_other_data
from orchestrator.reproduction.measurements import Measurements, stored_measurements
from orchestrator.store.store import Store
from orchestrator.store.stored_documents import stored_bytes
from orchestrator.trial.trial_history import fetch_history
from orchestrator.trial.trial_state import REFUSED, TrialState

STATES_IN_WORDS = {TrialState.NEW: "has not begun", TrialState.RUNNING: "runs still"}
"""What is said of trials without a result; others are called by their state."""


@dataclass(frozen=True)
class WantedReproduction:
    """A finished trial that is to be trained again, and what it will be compared with."""

    trial: Trial
    steps: int
    result: ResultRecord
    result_sha256: str
    """Checksum of the `result.json` that holds it."""
    measured: Measurements

    @property
    def is_whole(self) -> bool:
        """Whether all steps are trained, and the test follows."""
        return self.steps == self.trial.config.training.iterations

    @property
    def micro_batch(self) -> int | None:
        """Clips per forward pass that make one worker compute what each of several did; None where there was one."""
        workers = self.result.provenance.workers
        return None if workers == 1 else max(1, self.trial.config.training.batch // workers)


@dataclass(frozen=True)
class WantedReproductions:
    """What there is to train again."""

    to_train: tuple[WantedReproduction, ...]
    left_out: int
    """Trials without a result."""


def wanted_reproductions(
    plan: Plan, named: Sequence[str], data: Path, store: Store, steps: int | None, micro_batch: int | None
) -> WantedReproductions:
    """Finds the finished trials of a plan, and refuses what cannot be trained again.

    Args:
        plan: of experiments, or of the trials that were named.
        named: keys of the trials that were named; none where experiments were.
        data: data folder, the one that they were trained on.
        store: where they lie; what they are compared with is fetched.
        steps: how many of each; None for all of them.
        micro_batch: clips per forward pass; None for as many as each worker of a trial had.

    Raises:
        InputError: a damaged trial, one without a result that was named, no finished trial at all, other data, batches
            that cannot be divided, a trial whose parent has no result or that has logged nothing.
        DataError: the data folder cannot be used.
        CheckpointError: weights that are needed are damaged.
        BackboneError: batches are to be divided, and a backbone cannot be built.
    """
    entries = [entry for entry in plan.entries if not named or entry.trial.key in named]
    unfinished = [entry for entry in entries if entry.state != TrialState.FINISHED]
    refused = [entry for entry in unfinished if named or entry.state in REFUSED]
    if refused:
        raise InputError(*map(_without_result, refused))
    finished = [entry.trial for entry in entries if entry.state == TrialState.FINISHED]
    if not finished:
        raise InputError(Problem("command line", "names no finished trial", "`combo status` lists what is stored"))
    refuse_divided([replace(trial, workers=1) for trial in finished], micro_batch)
    wanted = tuple(_wanted(trial, data, store, steps) for trial in finished)
    return WantedReproductions(wanted, len(unfinished))


def _without_result(entry: PlannedTrial) -> Problem:
    where, state = f"trial {entry.trial.key}", entry.state
    if state in REFUSED:
        return Problem(where, entry.reason)
    told = STATES_IN_WORDS.get(state, f"is {state.value}")
    return Problem(where, f"has no result that could be reproduced: it {told}", "name a finished trial")


def _wanted(trial: Trial, data: Path, store: Store, steps: int | None) -> WantedReproduction:
    config, folder, where = trial.config, store.trial(trial.key), f"trial {trial.key}"
    refuse_other_data(trial.key, config, data)
    fetch_history(folder)
    result = folder.result
    if result is None:
        raise InputError(Problem(where, "has just lost its result", "run the command again"))
    if config.initial_trial is not None:
        _refuse_lost_parent(where, config.initial_trial, store)
    wanted = WantedReproduction(
        trial,
        min(steps or config.training.iterations, config.training.iterations),
        result,
        hashlib.sha256(stored_bytes(folder.result_file)).hexdigest(),
        stored_measurements(folder),
    )
    if not any(step <= wanted.steps for step in wanted.measured.steps):
        told = f"has no numbers of its first {wanted.steps} steps, so there is nothing to compare"
        raise InputError(Problem(where, told, "restore its metrics/, or leave it out"))
    if wanted.is_whole:
        _refuse_other_weights(where, result, store.trial(trial.key).fetch_tested_checkpoint())
    return wanted


def _refuse_lost_parent(where: str, parent: str, store: Store) -> None:
    weights = store.trial(parent).fetch_tested_checkpoint()
    if weights is None:
        raise InputError(Problem(where, f"starts from trial {parent}, which has no result here", "restore that trial"))
    read_stored_model(weights)


def _refuse_other_weights(where: str, result: ResultRecord, weights: Path | None) -> None:
    """Weights that are not those of the result, however intact, can prove nothing."""
    stated = result.checksums[f"{result.checkpoint}/{WEIGHTS_FILE}"]
    if weights is None or read_stored_model(weights).checksum != stated:
        raise InputError(Problem(where, "its tested weights are not those that its result names", "restore them"))
