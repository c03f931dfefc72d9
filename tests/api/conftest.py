from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.trial import Trial
from tests.prediction.seeded_model import save_seeded, seeded_config
from tests.tracking.stored_trials import TESTED, StoredTrials, lines, table7


@pytest.fixture(scope="session")
def trials() -> list[Trial]:
    """Two trials of a small network, which differ in the weight of a loss."""
    config, place = seeded_config("s4"), table7(1)[0]
    config = config.model_copy(update={"data": config.data.model_copy(update={"fingerprint": "d" * 16})})
    weights = {"without": 0.0, "with": 10.0}
    losses = {name: config.loss.model_copy(update={"lambda_ada": weight}) for name, weight in weights.items()}
    return [
        replace(place, variant=name, config=config.model_copy(update={"loss": loss})) for name, loss in losses.items()
    ]


@pytest.fixture(scope="session")
def finished(trials: list[Trial], tmp_path_factory: pytest.TempPathFactory) -> StoredTrials:
    """A storage in which they are finished; not to be changed."""
    stored = StoredTrials(tmp_path_factory.mktemp("finished") / "combo-storage")
    for trial in trials:
        stored.join(trial)
        stored.measure(trial, lines(1, 1, 5))
        weights = save_seeded(stored.folder(trial).path / TESTED, "s4") / "model.safetensors"
        stored.finish(trial, {f"{TESTED}/model.safetensors": hashlib.sha256(weights.read_bytes()).hexdigest()})
    return stored


@pytest.fixture(scope="session")
def storage(finished: StoredTrials) -> str:
    """Its folder."""
    return str(finished.store.root)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few synthetic clips; not to be changed."""
    from model.data.synthetic.writer import write_synthetic

    folder = tmp_path_factory.mktemp("clips") / "data"
    write_synthetic("s4", folder, 8, 0, 32)
    return folder
