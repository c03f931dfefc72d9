"""An evaluation as a run of MLflow: weights that were scored by themselves. Raises what MLflow raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.identity import flatten
from experiments.records import EVALUATION_FILE, SCORES_FILE, EvaluationRecord
from orchestrator.store.evaluation_folder import EvaluationFolder
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.metric_points import PERCENT, percent
from orchestrator.tracking.timestamps import milliseconds

if TYPE_CHECKING:
    from mlflow.entities import Run

EVALUATION_TAG = "combo.evaluation_key"
FINISHED_TAG = "combo.finished"
MLFLOW_EXPERIMENT = "combo"
"""The paper whose model this is; its trials are logged there too."""


def log_evaluation(runs: ExperimentRuns, known: Run | None, folder: EvaluationFolder, record: EvaluationRecord) -> None:
    """Puts an evaluation into MLflow; one that is there already is left alone.

    Args:
        runs: of the experiment.
        known: the evaluation's run, if there is one.
        folder: of the evaluation.
        record: what came of it.
    """
    from mlflow.entities import Metric, Param, RunTag

    if known is not None and known.info.status == "FINISHED" and known.data.tags.get(FINISHED_TAG) == record.finished:
        runs.adopt(known)
        return
    weights = record.weights
    name = f"evaluation {weights.file or weights.sha256[:12]}"
    run = runs.adopt(known) if known is not None else runs.create({EVALUATION_TAG: record.key}, name, {})
    tags = {
        FINISHED_TAG: record.finished,
        "combo.task": weights.config.data.task,
        "combo.protocol": record.protocol.label,
        "combo.origin": "imported" if weights.file and not weights.is_official else weights.origin,
        "combo.checkpoint_sha256": weights.sha256,
        "combo.data_fingerprint": record.data_fingerprint,
        "combo.commit": str(record.commit),
    }
    split, ended = record.protocol.split, milliseconds(record.finished)
    metrics = {
        f"{split}/m_j{PERCENT}": percent(record.score.m_j),
        f"{split}/m_f{PERCENT}": percent(record.score.m_f),
        f"quarantined/{split}": len(record.quarantined),
    }
    runs.client.log_batch(
        run.info.run_id,
        metrics=[Metric(name, value, ended, weights.step) for name, value in metrics.items()],
        params=[Param(name, str(value)) for name, value in flatten(weights.config).items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    for file in (EVALUATION_FILE, SCORES_FILE):
        runs.client.log_artifact(run.info.run_id, str(folder.path / file))
    runs.client.set_terminated(run.info.run_id, "FINISHED", ended)
