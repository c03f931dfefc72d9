import shutil

import pytest
from official_states import few_weights_of_vggish


@pytest.fixture
def combo(tmp_path, monkeypatch, command):
    """The command line in an own folder; what it printed, and its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMBO_STORAGE", "storage")
    return command


@pytest.fixture
def light_vggish():
    """While it lasts, VGGish is small."""
    with few_weights_of_vggish():
        yield


@pytest.fixture
def roomy_path(tmp_path):
    """A folder for hundreds of megabytes, gone after the test."""
    folder = tmp_path / "roomy"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)
