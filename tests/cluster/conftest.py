from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ray_head import Head, running_head

from model.data.synthetic.writer import write_synthetic


@pytest.fixture(scope="session")
def head() -> Iterator[Head]:
    """A cluster for all tests that submit to one."""
    with running_head() as started:
        yield started


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic S4 data set of 20 clips at 32 pixels; not to be changed."""
    folder = tmp_path_factory.mktemp("data")
    write_synthetic("s4", folder, clips=20, seed=0, size=32)
    return folder
