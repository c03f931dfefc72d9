"""Which folder a name stands for: never one outside of the storage that was not named as a folder."""

import json

import pytest
from combo_command import TINY

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import ProtocolRecord, Provenance, ResultRecord, ScoreRecord
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.checkpoint_names import checkpoint_folder
from orchestrator.store.store import Store

SCORE = ScoreRecord(j_sum=1, f_sum=1, count=2)
BEST = "checkpoints/best-00000004"


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A storage beside an empty current folder and some weights that are none of its own."""
    (tmp_path / "storage" / "imported" / "combo_r50-s4").mkdir(parents=True)
    (tmp_path / "storage" / "private").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Store(FolderStorage(tmp_path / "storage"))


@pytest.fixture
def finished(store):
    """Stores a trial whose result names a checkpoint; returns its folder."""

    def store_trial(checkpoint):
        trial = expand(load_experiment(str(TINY)))[0]
        folder = store.trial(trial.key)
        folder.begin(trial)
        (folder.path / BEST).mkdir(parents=True)
        folder.write_result(_result(trial))
        result = folder.path / "result.json"
        result.write_text(json.dumps(json.loads(result.read_text()) | {"checkpoint": checkpoint}))
        return folder

    return store_trial


def _result(trial):
    return ResultRecord(
        key=trial.key,
        protocol=ProtocolRecord(
            name="p", version=1, split="test", f_pooling="clip", thresholds=1, beta_squared=0.3, empty_mask_rule="r"
        ),
        score=SCORE,
        best_step=4,
        validation=SCORE,
        parameters=1,
        trainable_parameters=1,
        checkpoint=BEST,
        checksums={f"{BEST}/model.safetensors": "0" * 64, "scores.parquet": "0" * 64},
        provenance=Provenance(
            code_version="1",
            commit=None,
            data_fingerprint="d",
            packages={},
            device="cpu",
            workers=1,
            attempts=1,
            started="2026-11-01T10:00:00Z",
            finished="2026-11-01T10:01:00Z",
            training_seconds=1,
        ),
    )


def test_a_name_is_looked_up_among_the_imported_checkpoints(store):
    assert checkpoint_folder("combo_r50-s4", store) == store.imported / "combo_r50-s4"


@pytest.mark.parametrize("name", ["../private", "combo_r50-s4/../../private", "./combo_r50-s4", "absent"])
def test_a_path_is_never_looked_up_there(store, name):
    with pytest.raises(InputError, match="does not exist"):
        checkpoint_folder(name, store)


def test_a_trial_stands_for_the_weights_that_were_tested(store, finished):
    folder = finished(BEST)

    for name in (folder.path.name, str(folder.path)):
        assert checkpoint_folder(name, store) == folder.path / BEST


@pytest.mark.parametrize("checkpoint", ["../../private", "/etc", BEST, "checkpoints/best-\0"])
def test_a3_a_result_that_names_weights_outside_of_its_trial_is_refused(store, finished, checkpoint):
    folder = finished(checkpoint)
    (folder.path / BEST).rmdir()
    (folder.path / BEST).symlink_to(store.root / "private")

    with pytest.raises(InputError, match=r"names a checkpoint outside of the trial folder, .* \(restore it"):
        checkpoint_folder(folder.path.name, store)
