"""A LoggedModel of MLflow for each finished trial; it is an external one, as its weights stay in the storage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.model_card import model_card, weights_checksum
from orchestrator.tracking.notes import note_tags
from orchestrator.tracking.run_content import TRIAL_TAG, RunContent

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run

MODEL_TAG = "combo.logged_model"
"""Id of the LoggedModel of a run."""
CHECKSUM_TAG = "combo.checkpoint_sha256"
"""SHA-256 of the weights."""
EXTERNAL_TAG = "mlflow.model.isExternal"


def log_model(runs: ExperimentRuns, run: Run, content: RunContent) -> tuple[dict[str, str], list[Metric]]:
    """Makes the LoggedModel of a trial unless its run has one of these weights.

    Args:
        runs: of the trial's paper.
        run: of the trial.
        content: what the run should be.

    Returns:
        tags of the run that say which model it is, and the scores to log for it; both empty without a result.
    """
    if content.result is None:
        return {}, []
    checksum, known = weights_checksum(content), run.data.tags
    if MODEL_TAG in known and known.get(CHECKSUM_TAG) == checksum:
        return {MODEL_TAG: known[MODEL_TAG], CHECKSUM_TAG: checksum}, []
    model_id = _find(runs, run, checksum) or _create(runs, run, content, checksum)
    return {MODEL_TAG: model_id, CHECKSUM_TAG: checksum}, _scores(run, content, model_id)


def forget_model(client: Any, run: Run) -> None:
    """Deletes the LoggedModel of a run that makes way for a new one."""
    if MODEL_TAG in run.data.tags:
        client.delete_logged_model(run.data.tags[MODEL_TAG])


def _find(runs: ExperimentRuns, run: Run, checksum: str) -> str | None:
    """A model that was made before its run could be told."""
    made = runs.client.search_logged_models([runs.id], f"source_run_id = '{run.info.run_id}'")
    return next((str(one.model_id) for one in made if one.tags.get(CHECKSUM_TAG) == checksum), None)


def _create(runs: ExperimentRuns, run: Run, content: RunContent, checksum: str) -> str:
    from mlflow.entities import LoggedModelOutput

    assert content.result is not None
    tags = {
        EXTERNAL_TAG: "true",
        TRIAL_TAG: content.key,
        CHECKSUM_TAG: checksum,
        "combo.checkpoint": content.tags["combo.checkpoint"],
        "combo.protocol": content.result.protocol.label,
    }
    model = runs.client.create_logged_model(
        runs.id,
        name=re.sub(r"[^\w -]", "-", content.name),
        source_run_id=run.info.run_id,
        tags=tags | note_tags({}, model_card(content)),
        model_type=content.trial.config.model.name,
    )
    runs.client.finalize_logged_model(model.model_id, "READY")
    runs.client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, content.result.best_step)])
    return str(model.model_id)


def _scores(run: Run, content: RunContent, model_id: str) -> list[Metric]:
    from mlflow.entities import Metric

    assert content.result is not None
    step, ended, run_id = content.result.best_step, content.ended or 0, run.info.run_id
    fingerprint = content.trial.config.data.fingerprint
    scored_on = (content.data_set, fingerprint) if fingerprint else (None, None)
    return [Metric(name, value, ended, step, model_id, *scored_on, run_id) for name, value in content.scores.items()]
