"""Programs that come with pip packages, and where their absence is said."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"


@pytest.fixture(scope="session")
def program():
    """Finds a program beside this Python or on the PATH; skips the test with the reason where there is none."""

    def find(name):
        places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return shutil.which(name, path=places) or pytest.skip(f"{name} is not installed here")

    return find
