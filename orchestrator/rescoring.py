"""Scores finished trials again, from the weights that they were tested with: nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.trial import Trial
from model.metrics.protocol import Protocol, protocol_for
from model.weights.stored_model import read_stored_model
from orchestrator.evaluation import Evaluation
from orchestrator.planning.plan import Plan
from orchestrator.planning.training_data import refuse_other_data
from orchestrator.store.store import Store
from orchestrator.trial.provenance import TEST_SPLIT, protocol_record
from orchestrator.trial.trial_state import REFUSED


@dataclass(frozen=True)
class WantedScore:
    """A trial that is to be scored under another protocol than its result."""

    trial: Trial
    evaluation: Evaluation


@dataclass(frozen=True)
class WantedScores:
    """What there is to score."""

    to_score: tuple[WantedScore, ...]
    known: int
    """Trials that have such a score already."""
    left_out: int
    """Trials without a result."""


def wanted_scores(plan: Plan, data: Path, store: Store, protocol: str | None) -> WantedScores:
    """Looks what is to be scored, so that every mistake is known before work begins.

    Args:
        plan: of the trials.
        data: data folder, the one that they were trained on.
        store: where they lie; their documents are fetched.
        protocol: under which, with or without its version; None for that of today's tables.

    Raises:
        InputError: no such protocol, a damaged trial, or one that was trained on other data.
        DataError: the data folder cannot be used.
        CheckpointError: a trial's weights are damaged.
    """
    refused = [entry for entry in plan.entries if entry.state in REFUSED]
    if refused:
        raise InputError(*(Problem(f"trial {entry.trial.key}", entry.reason) for entry in refused))
    wanted, known = [], 0
    for entry in plan.entries:
        if entry.protocol is None:
            continue
        try:
            chosen = protocol_for(entry.trial.task, protocol)
        except ValueError as error:
            raise InputError(Problem("--protocol", str(error))) from None
        evaluation = None
        if entry.protocol != protocol_record(chosen.rules, TEST_SPLIT):
            evaluation = _unscored(entry.trial, data, store, chosen)
        if evaluation is None:
            known += 1
        else:
            wanted.append(WantedScore(entry.trial, evaluation))
    return WantedScores(tuple(wanted), known, len(plan.entries) - len(plan.finished))


def _unscored(trial: Trial, data: Path, store: Store, protocol: Protocol) -> Evaluation | None:
    """The evaluation that is to be run; None where its outcome is stored, without clips that were left out."""
    folder = store.trial(trial.key).fetch_tested_checkpoint()
    assert folder is not None
    stored = read_stored_model(folder)
    refuse_other_data(trial.key, stored.config, data)
    evaluation = Evaluation(stored, data, stored.config.data.fingerprint, protocol, TEST_SPLIT, store)
    evaluation.folder.fetch()
    record = evaluation.folder.record
    return evaluation if record is None or record.quarantined else None
