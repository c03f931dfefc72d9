from __future__ import annotations

from pathlib import Path

import pytest

from model.data.synthetic.writer import write_synthetic


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic S4 data set of 20 clips at 32 pixels; not to be changed."""
    folder = tmp_path_factory.mktemp("data")
    write_synthetic("s4", folder, clips=20, seed=0, size=32)
    return folder
