"""`combo model register`: a trial's weights in the registry, ready for `mlflow.pyfunc.load_model`."""

import hashlib
import json
import shutil
from dataclasses import replace

import mlflow
import pandas as pd
import pytest
from stored_trials import lines

from tests.prediction.seeded_model import save_seeded, seeded_config
from tests.prediction.videos import write_video


@pytest.fixture
def finished(stored, trials):
    """A finished trial whose tested weights are those of a small network."""
    data = trials[0].config.data
    config = seeded_config("s4")
    config = config.model_copy(update={"data": config.data.model_copy(update={"fingerprint": data.fingerprint})})
    trial = replace(trials[0], config=config)
    stored.join(trial)
    stored.measure(trial, lines(1, 1, 20))
    weights = save_seeded(stored.folder(trial).path / "checkpoints" / "best-00000020", "s4") / "model.safetensors"
    stored.finish(
        trial, {"checkpoints/best-00000020/model.safetensors": hashlib.sha256(weights.read_bytes()).hexdigest()}
    )
    return trial


@pytest.fixture
def register(command, stored):
    return lambda key, name="combo-s4": command(
        "model", "register", key, "--name", name, "--storage", stored.store.root
    )


def test_registered_weights_carry_their_origin_and_are_registered_once(register, finished, view):
    first, again = register(finished.key), register(finished.key)

    assert (first.code, first.out) == (0, "registered as models:/combo-s4/1\n")
    assert (again.code, again.out) == (0, "is registered already: models:/combo-s4/1\n")
    (version,) = view().client.search_model_versions("name='combo-s4'")
    assert version.run_id == view().trials[finished.key].info.run_id
    assert version.tags["combo.trial_key"] == finished.key
    model = view().client.get_logged_model(view().trials[finished.key].data.tags["combo.logged_model"])
    assert json.loads(model.tags["mlflow.modelVersions"]) == [{"name": "combo-s4", "version": "1"}]
    assert f'combo_lab.load_model("{finished.key}"' in version.description
    assert version.tags["combo.protocol"] == "avsbench-binary@1 (test)"
    assert float(version.tags["combo.m_j_percent"]) == 61.0


def test_mlflow_loads_and_runs_the_model_without_the_trial_directory(
    register, finished, stored, settings, tmp_path, monkeypatch
):
    register(finished.key)
    shutil.rmtree(stored.folder(finished).path)
    video = write_video(tmp_path / "two.mp4", 2)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/combo-s4/1")
    answer = model.predict(pd.DataFrame({"video": [str(video)]}))

    assert list(answer["second"]) == [0, 1]
    assert answer["area_share"].between(0, 1).all()
    assert not list((stored.store.root / "mlflow-artifacts").rglob("*.pkl"))


def test_a_trial_without_a_result_is_refused(register, stored, trials):
    stored.measure(trials[0], lines(1, 1, 3))
    said = register(trials[0].key)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: trial '{trials[0].key}': has no result (")


@pytest.mark.parametrize("name", ["../outside", "", "a b", "x'; drop"])
def test_names_that_mlflow_cannot_have_are_refused(register, trials, name):
    said = register(trials[0].key, name)

    assert said.code == 2
    assert "can be no name of a model" in said.err
