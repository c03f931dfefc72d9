"""The scores of a storage as a table of pandas."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from experiments.identity import differences, trial_key
from experiments.records import EvaluationRecord, ProtocolRecord, ScoreRecord

if TYPE_CHECKING:
    import pandas as pd

    from orchestrator.storage.storage import Storage
    from orchestrator.store.membership import Membership
    from reports.stored.stored_trial import StoredTrial

COLUMNS: Mapping[str, str] = {
    "trial": "trial key; empty for weights that were not trained in this storage",
    "experiment": "its name, such as combo/table7, by the first sweep that asked for the trial",
    "variant": "usually a row of the table",
    "task": "s4, ms3 or avss",
    "seed": "of the trial",
    "split": "test, val or train",
    "metric": "m_j (region similarity) or m_f (F-score)",
    "score": "percent, as in tables",
    "protocol": "how it was scored, such as avsbench-binary@1 (test); scores of different ones are not comparable",
    "step": "optimiser steps behind the weights",
    "origin": "trained, rescored (the trial's weights scored again), official or imported",
    "data": "fingerprint of the data that were scored",
    "commit": "of the code that scored",
    "device": "that scored",
    "finished": "when, as pandas' timestamp in UTC",
}
"""The columns of `results` and what they hold. Behind them stands one for each setting in which the rows differ."""
METRICS = ("m_j", "m_f")


def results(storage: str | None = None) -> pd.DataFrame:
    """All scores of a storage, one a row.

    A finished trial has rows for the test split and for the validation that chose its weights. Weights that were scored
    by themselves (`combo rescore`, `combo model evaluate`) have rows of their own. Beside `COLUMNS` there is a column
    for each setting in which the rows differ, such as `loss.lambda_ada`.

    Args:
        storage: folder or bucket; by default `COMBO_STORAGE`, or `combo-storage` in the current folder.

    Returns:
        a row for each score, in the order of trial keys; none where nothing is finished.

    Raises:
        InputError: there is no such storage.
        StorageError: the bucket cannot be used.

    Warns:
        UserWarning: for each stored document that cannot be trusted; it is left out.

    Example:
        ```python
        scores = combo_lab.results("combo-storage").query("split == 'test' and metric == 'm_j'")
        scores.groupby(["variant", "task"])["score"].agg(["mean", "std", "count"])
        ```
    """
    from orchestrator.settings import resolve_settings

    return scores_of(resolve_settings(storage).storage, None)


def scores_of(place: Storage, keys: Collection[str] | None) -> pd.DataFrame:
    """As `results`; of certain trials only, unless `keys` is None."""
    import pandas as pd

    from orchestrator.store.membership import MEMBERSHIPS, all_memberships
    from orchestrator.store.presence import refuse_absent
    from orchestrator.store.store import Store
    from reports.stored.results import read_results
    from reports.stored.scored_weights import read_evaluations

    refuse_absent(place)
    Store(place).refresh()
    place.fetch(MEMBERSHIPS)
    found = read_results(place.root, place.cache)
    evaluations, doubtful = read_evaluations(place.root)
    for problem in (*found.problems, *doubtful):
        warnings.warn(f"left out: {problem}", stacklevel=3)
    places: dict[str, Membership] = {}
    for membership in all_memberships(place.root):
        places.setdefault(membership.key, membership)
    rows, configs = [], []
    for trial in found:
        if trial.config is not None and trial.result is not None:
            of_trial = list(_trial_rows(trial, places.get(trial.key)))
            rows += of_trial
            configs += [trial.config] * len(of_trial)
    known = {row["trial"] for row in rows}
    for record in evaluations:
        key = trial_key(record.weights.config)
        own = list(_evaluation_rows(record, key if key in known else "", places.get(key)))
        rows += own
        configs += [record.weights.config] * len(own)
    settings = differences(configs)[1] if configs else []
    wanted = [
        {**setting, **row} for row, setting in zip(rows, settings, strict=True) if keys is None or row["trial"] in keys
    ]
    differing = dict.fromkeys(name for setting in settings for name in setting if name not in COLUMNS)
    table = pd.DataFrame(wanted, columns=[*COLUMNS, *differing])
    return table.astype({"score": "float64"}).assign(finished=pd.to_datetime(table["finished"], utc=True))


def _trial_rows(trial: StoredTrial, place: Membership | None) -> Iterator[dict[str, Any]]:
    config, result = trial.config, trial.result
    assert config is not None
    assert result is not None
    made = result.provenance
    first = _who(trial.key, place, config.data.task, config.seed)
    last = {
        "step": result.best_step,
        "origin": "trained",
        "data": made.data_fingerprint,
        "commit": made.commit,
        "device": made.device,
        "finished": made.finished,
    }
    yield from _score_rows(first, result.protocol, result.score, last)
    validated = result.protocol.model_copy(update={"split": "val"})
    yield from _score_rows(first, validated, result.validation, last)


def _evaluation_rows(record: EvaluationRecord, key: str, place: Membership | None) -> Iterator[dict[str, Any]]:
    weights = record.weights
    first = _who(key, place, weights.config.data.task, weights.config.seed)
    last = {
        "step": weights.step,
        "origin": "rescored" if weights.origin == "trained" else "official" if weights.is_official else "imported",
        "data": record.data_fingerprint,
        "commit": record.commit,
        "device": record.device,
        "finished": record.finished,
    }
    yield from _score_rows(first, record.protocol, record.score, last)


def _who(key: str, place: Membership | None, task: str, seed: int) -> dict[str, Any]:
    experiment, variant = ("", "") if place is None else (place.experiment, place.variant)
    return {"trial": key, "experiment": experiment, "variant": variant, "task": task, "seed": seed}


def _score_rows(
    first: Mapping[str, Any], protocol: ProtocolRecord, score: ScoreRecord, last: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for metric in METRICS:
        told = {"split": protocol.split, "metric": metric, "score": 100 * getattr(score, metric)}
        yield {**first, **told, "protocol": protocol.label, **last}
