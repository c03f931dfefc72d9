"""Imported weights, such as the authors' released ones, scored here: what `combo model evaluate` has stored of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.errors import Problem
from experiments.identity import flatten, trial_key
from experiments.records import EVALUATIONS, EvaluationRecord, ProtocolRecord, ResultRecord
from experiments.reported import Column
from experiments.schema import SCORES
from experiments.trial import Trial
from model.config import TrialConfig

AUTHORS_PROTOCOLS = ("avsbench-binary", "avsbench-semantic")
"""Protocols under which imported weights are shown where nothing has been trained yet."""
SHOWN_SPLIT = "test"
APART = ("seed", "data.fingerprint")
"""Settings in which imported weights and a row's trials may differ."""
NEARLY = 3
"""Most settings in which weights may differ from a row and still be reported as nearly belonging to it."""


@dataclass(frozen=True)
class ImportedScore:
    """The score of imported weights in a cell."""

    percent: float
    record: EvaluationRecord


def of_imported_weights(records: Iterable[EvaluationRecord]) -> tuple[EvaluationRecord, ...]:
    """Those evaluations whose weights were not trained here."""
    return tuple(record for record in records if record.weights.origin == "official")


def imported_score(
    evaluations: Iterable[EvaluationRecord], trials: Sequence[Trial], results: Sequence[ResultRecord], column: Column
) -> ImportedScore | None:
    """What imported weights of the same configuration score: same data and protocol as the cell's own results.

    Weights belong to a cell when their configuration is that of its trials, seed and training data apart. Of several
    evaluations the latest counts.

    Args:
        evaluations: of imported weights.
        trials: of the cell's variant and task.
        results: what is measured in the cell's column.
        column: of the cell; only scores are known of such weights.
    """
    wanted = {_without_seed_and_data(trial.config) for trial in trials}
    bound = {trial.config.data.fingerprint for trial in trials} - {""}
    fitting = [
        record
        for record in evaluations
        if _without_seed_and_data(record.weights.config) in wanted
        and (not bound or record.data_fingerprint in bound)
        and _comparable(record, results)
    ]
    if not fitting or column.metric not in SCORES:
        return None
    latest = max(fitting, key=lambda record: (record.finished, record.key))
    return ImportedScore(100 * float(getattr(latest.score, column.metric)), latest)


def left_out(evaluations: Iterable[EvaluationRecord], trials: Sequence[Trial], shown: Iterable[str]) -> list[Problem]:
    """Why evaluations of imported weights, which nearly belong to a table, are not in it.

    Args:
        evaluations: of imported weights.
        trials: of the table.
        shown: keys of the evaluations that are in it.
    """
    placed = set(shown)
    problems = []
    for record in evaluations:
        nearest = min(
            (_differing(record, trial) for trial in trials if trial.task == record.weights.config.data.task),
            key=len,
            default=None,
        )
        if record.key not in placed and nearest is not None and len(nearest) <= NEARLY:
            where = f"{EVALUATIONS}/{record.key}"
            problems.append(Problem(where, f"imported {record.weights.file} is in no row", _remedy(record, nearest)))
    return problems


def _differing(record: EvaluationRecord, trial: Trial) -> dict[str, tuple[Any, Any]]:
    """Settings of the weights and of the trial where they differ, seed and data apart."""
    own, wanted = flatten(record.weights.config), flatten(trial.config)
    keys = [key for key in own | wanted if key not in APART]
    return {key: (own.get(key), wanted.get(key)) for key in keys if own.get(key) != wanted.get(key)}


def _remedy(record: EvaluationRecord, differing: Mapping[str, tuple[Any, Any]]) -> str:
    if not differing:
        return f"scored under {record.protocol.label} on data {record.data_fingerprint}, not as its column"
    had = ", ".join(f"{key}={own}" for key, (own, _) in differing.items())
    wanted = ", ".join(f"{key}={value}" for key, (_, value) in differing.items())
    return f"imported under {had}, the nearest row has {wanted}"


def _comparable(record: EvaluationRecord, results: Sequence[ResultRecord]) -> bool:
    if not results:
        return record.protocol.name in AUTHORS_PROTOCOLS and record.protocol.split == SHOWN_SPLIT
    measured: set[tuple[ProtocolRecord, str]] = {
        (result.protocol, result.provenance.data_fingerprint) for result in results
    }
    return measured == {(record.protocol, record.data_fingerprint)}


def _without_seed_and_data(config: TrialConfig) -> str:
    data = config.data.model_copy(update={"fingerprint": ""})
    return trial_key(config.model_copy(update={"data": data, "seed": 0}))
