import shutil
from contextlib import ExitStack
from unittest.mock import patch

import pytest
from official_states import few_weights_of_vggish

from model.audio.vggish import VGGish
from model.weights.parameter_counts import network_without_memory

WHERE = [f"model.weights.{module}" for module in ("export_official", "import_official", "parameter_counts")]
NETWORKS = {}


def network_built_once(config):
    """Of several hundred that these tests ask for, few differ; without values nothing can change in one."""
    key = type(config), config.model_dump_json(), VGGish.hidden
    if key not in NETWORKS:
        NETWORKS[key] = network_without_memory(config)
    return NETWORKS[key]


@pytest.fixture(scope="module", autouse=True)
def networks_built_once():
    """While it lasts, a network without values is built once for each configuration."""
    with ExitStack() as patches:
        for module in WHERE:
            patches.enter_context(patch(f"{module}.network_without_memory", network_built_once))
        yield


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
