"""Puts the tested weights of a trial into MLflow's model registry. Raises what MLflow raises."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem
from experiments.records import TRIALS
from model.weights.folder import WEIGHTS_FILE
from orchestrator.settings import Settings
from orchestrator.store.membership import MEMBERSHIPS, memberships_of
from orchestrator.store.store import Store
from orchestrator.tracking.evaluation_run import MLFLOW_EXPERIMENT
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.pyfunc_model import COLUMNS, VIDEO
from orchestrator.tracking.run_content import TRIAL_TAG, RunContent, read_content
from orchestrator.tracking.run_mirror import make_equal
from orchestrator.trial.provenance import code_version

MODEL_FOLDER = "model"
CHECKSUM_TAG = "combo.checkpoint_sha256"


def register(settings: Settings, key: str, name: str) -> tuple[str, bool]:
    """Copies a trial's tested weights to MLflow and makes them a version of a registered model.

    Args:
        settings: MLflow's address and storage.
        key: of the trial.
        name: of the registered model; made if it is new.

    Returns:
        the version, and whether it is new: the same weights are registered under one name once.

    Raises:
        InputError: the trial has no result.
        CheckpointError: its weights are damaged.
    """
    from model.weights.stored_model import read_stored_model

    store = Store(settings.storage)
    store.storage.fetch(MEMBERSHIPS)
    store.trial(key).fetch()
    content = read_content(store.trial(key), memberships_of(store.root, key))
    checkpoint = store.trial(key).tested_checkpoint
    if content is None or content.result is None or checkpoint is None:
        raise InputError(Problem(f"trial '{key}'", "has no result", f"see the names of the folders in {TRIALS}/"))
    read_stored_model(checkpoint)
    runs = ExperimentRuns(settings, content.sweeps[0].paper if content.sweeps else MLFLOW_EXPERIMENT)
    tags = _tags(content)
    _make_registered_model(runs.client, name)
    for version in runs.client.search_model_versions(f"name='{name}'"):
        if version.tags.get(CHECKSUM_TAG) == tags[CHECKSUM_TAG]:
            return str(version.version), False
    run = make_equal(runs, runs.find({TRIAL_TAG: key}), content, None)
    with tempfile.TemporaryDirectory() as folder:
        _save(Path(folder) / MODEL_FOLDER, checkpoint, tags)
        runs.client.log_artifacts(run.info.run_id, folder)
    source = f"{run.info.artifact_uri}/{MODEL_FOLDER}"
    return str(runs.client.create_model_version(name, source, run.info.run_id, tags).version), True


def _tags(content: RunContent) -> dict[str, str]:
    result = content.result
    assert result is not None
    return {
        TRIAL_TAG: content.key,
        CHECKSUM_TAG: result.checksums[f"{result.checkpoint}/{WEIGHTS_FILE}"],
        "combo.protocol": result.protocol.label,
        "combo.m_j": str(result.score.m_j),
        "combo.m_f": str(result.score.m_f),
    }


def _make_registered_model(client: Any, name: str) -> None:
    known = client.search_registered_models(f"name='{name}'")
    if not known:
        client.create_registered_model(name)


def _save(folder: Path, checkpoint: Path, metadata: dict[str, str]) -> None:
    from mlflow import pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    answer = Schema([ColSpec(kind, name, required=name != "mean_score") for name, kind in COLUMNS.items()])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "An input example was not provided")
        pyfunc.save_model(
            str(folder),
            loader_module="orchestrator.tracking.pyfunc_model",
            data_path=str(checkpoint),
            signature=ModelSignature(Schema([ColSpec("string", VIDEO)]), answer),
            pip_requirements=[f"combo-lab=={code_version()}"],
            metadata=metadata,
        )
