from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray_head import PROGRAMS, Head, running_head


@pytest.fixture(scope="session")
def head() -> Iterator[Head]:
    """A cluster for all tests that submit to one."""
    with running_head() as started:
        yield started


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic S4 data set of 20 clips at 32 pixels; not to be changed."""
    folder = tmp_path_factory.mktemp("data")
    words = ("data", "synth", "--subset", "s4", "--out", folder, "--clips", "20", "--size", "32")
    subprocess.run([PROGRAMS / "combo", *words], check=True, capture_output=True)
    return folder
