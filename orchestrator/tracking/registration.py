"""Puts the tested weights of a trial into MLflow's model registry. Raises what MLflow raises."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem
from experiments.records import TRIALS
from model.registry import model_package
from orchestrator.settings import Settings
from orchestrator.store.membership import MEMBERSHIPS, memberships_of
from orchestrator.store.store import Store
from orchestrator.tracking.evaluation_run import MLFLOW_EXPERIMENT
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.logged_models import CHECKSUM_TAG, MODEL_TAG
from orchestrator.tracking.model_card import model_card, weights_checksum
from orchestrator.tracking.pyfunc_model import COLUMNS, VIDEO
from orchestrator.tracking.run_content import TRIAL_TAG, RunContent, read_content
from orchestrator.tracking.run_mirror import make_equal
from orchestrator.trial.provenance import code_version

MODEL_FOLDER = "model"
CARD_FILE = "README.md"
VERSIONS_TAG = "mlflow.modelVersions"
"""MLflow's tag for what was registered of a LoggedModel."""


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
    brings = model_package(read_stored_model(checkpoint).config.model.name)
    runs = ExperimentRuns(settings, content.sweeps[0].paper if content.sweeps else MLFLOW_EXPERIMENT)
    tags = _tags(content)
    _make_registered_model(runs.client, name)
    for version in runs.client.search_model_versions(f"name='{name}'"):
        if version.tags.get(CHECKSUM_TAG) == tags[CHECKSUM_TAG]:
            return str(version.version), False
    run = runs.client.get_run(make_equal(runs, runs.find({TRIAL_TAG: key}), content, None).info.run_id)
    card = model_card(content)
    with tempfile.TemporaryDirectory() as folder:
        needs = [f"combo-lab=={code_version()}", *([] if brings is None else [f"{brings.name}=={brings.version}"])]
        _save(Path(folder) / MODEL_FOLDER, checkpoint, tags, needs)
        (Path(folder) / MODEL_FOLDER / CARD_FILE).write_text(card, encoding="utf-8")
        runs.client.log_artifacts(run.info.run_id, folder)
    source = f"{run.info.artifact_uri}/{MODEL_FOLDER}"
    version = runs.client.create_model_version(
        name, source, run.info.run_id, tags, description=card, model_id=run.data.tags[MODEL_TAG]
    )
    _link(runs.client, run.data.tags[MODEL_TAG], name, str(version.version))
    return str(version.version), True


def _tags(content: RunContent) -> dict[str, str]:
    result = content.result
    assert result is not None
    return {
        TRIAL_TAG: content.key,
        CHECKSUM_TAG: weights_checksum(content),
        "combo.protocol": result.protocol.label,
        **{name.replace("test/", "combo."): str(value) for name, value in content.scores.items()},
    }


def _link(client: Any, model_id: str, name: str, version: str) -> None:
    """Notes a version on the LoggedModel that it is made of; a server does so itself, an MLflow in a file does not."""
    versions = json.loads(client.get_logged_model(model_id).tags.get(VERSIONS_TAG, "[]"))
    if (made := {"name": name, "version": version}) not in versions:
        client.set_logged_model_tags(model_id, {VERSIONS_TAG: json.dumps([*versions, made])})


def _make_registered_model(client: Any, name: str) -> None:
    known = client.search_registered_models(f"name='{name}'")
    if not known:
        client.create_registered_model(name)


def _save(folder: Path, checkpoint: Path, metadata: dict[str, str], requirements: list[str]) -> None:
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
            pip_requirements=requirements,
            metadata=metadata,
        )
