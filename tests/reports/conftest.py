from __future__ import annotations

from pathlib import Path

import pytest
from fake_storage import FINGERPRINT, Storage, make_experiment

from experiments.expand import expand
from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@pytest.fixture
def scaled() -> ScaledExperiment:
    return make_experiment()


@pytest.fixture
def trials(scaled: ScaledExperiment) -> list[Trial]:
    return [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
