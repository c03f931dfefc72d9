from __future__ import annotations

from pathlib import Path

import pytest
from fake_storage import FINGERPRINT, Storage, make_study

from experiments.expand import expand
from experiments.study import Study
from experiments.trial import Trial


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def trials(study: Study) -> list[Trial]:
    return [trial.on_data(FINGERPRINT) for trial in expand(study)]
