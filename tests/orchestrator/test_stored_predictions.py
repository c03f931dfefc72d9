"""What trials predict of a few clips when they finish, and what `combo report clips` adds."""

import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from driver import Driver

from experiments.trial import Trial
from model.data.avsbench import AVSBench
from model.data.chosen_clips import first_by_category
from model.data.fingerprint import data_fingerprint
from model.data.index import subset_root
from model.training.predictions import SHOWN
from model.training.previews import PREVIEWED, previewed_places
from model.training.workers import Workers
from model.weights.folder import file_checksum
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.prediction_files import prediction_name
from orchestrator.store.store import Store
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from reports.stored.predictions import read_predictions
from reports.stored.previews import read_previews
from tests.training.tiny_trials import tiny_config


def run(lambda_ada, storage, data):
    """Trains for one step; gives the finished trial's folder."""
    torch.set_num_threads(1)
    settings = {"training.iterations": 1, "training.evaluate_every": 1, "loss.lambda_ada": lambda_ada}
    trial = Trial("tiny", "tiny", "s4", 0, 1, tiny_config(settings)).on_data(data_fingerprint(data, "s4"))
    context = RunContext(storage=FolderStorage(storage), data=data, commit=None, config=RunConfig(checkpoint_every=1))
    for _ in run_trial(trial, context, Workers(), Driver()):
        pass
    return Store(FolderStorage(storage)).trial(trial.key)


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    return tmp_path_factory.mktemp("predictions")


@pytest.fixture(scope="module")
def folders(storage, data):
    """Two finished variants; not to be changed."""
    return [run(lambda_ada, storage, data) for lambda_ada in (0.0, 10.0)]


@pytest.fixture
def own(folders, storage, tmp_path):
    """A copy of the storage, for tests that change it, and the key of a trial in it."""
    return shutil.copytree(storage, tmp_path / "storage"), folders[0].path.name


@pytest.fixture
def clips(command, data):
    def run(key, storage, *words):
        return command("report", "clips", key, "--storage", storage, "--data", data, *words)

    return run


def test_every_variant_predicts_the_same_clips_whatever_their_scores(folders, data):
    dataset = AVSBench(data, "s4", "test", 32)
    wanted = [dataset.entries[place].name for place in first_by_category(dataset.entries)][:SHOWN]
    for folder in folders:
        predictions, problems = read_predictions(folder.path)
        assert problems == []
        assert [prediction.record.clip for prediction in predictions] == wanted
        choices = [prediction.record.choice for prediction in predictions]
        assert {(choice.rule, choice.chosen) for choice in choices} == {("first-by-category", len(wanted))}
        assert [choice.rank for choice in choices] == list(range(len(wanted)))


def test_every_validation_leaves_the_same_clips_of_its_split_to_be_looked_at(folders, data):
    dataset = AVSBench(data, "s4", "val", 32)
    wanted = [dataset.entries[place].name for place in previewed_places(dataset)]
    for folder in folders:
        previews = read_previews(folder.newest_previews_file)
        assert (previews.record.step, previews.record.task) == (1, "s4")
        assert [clip.record.clip for clip in previews.clips] == wanted
        assert len(wanted) == PREVIEWED
        for clip, place in zip(previews.clips, previewed_places(dataset), strict=True):
            assert np.array_equal(clip.truth, dataset[place].labels)
            assert clip.frames.shape == (5, 32, 32, 3)
        assert not any("previews" in name for name in folder.result.checksums)


def test_a_result_states_the_checksums_of_its_predictions(folders):
    for folder in folders:
        paths = list((folder.path / "predictions").iterdir())
        checksums = folder.result.checksums
        assert {f"predictions/{path.name}": file_checksum(path) for path in paths}.items() <= checksums.items()


def test_predictions_are_scored_as_the_test_split_is(folders):
    for folder in folders:
        table = pq.read_table(folder.path / "scores.parquet").to_pylist()
        scores = {row["clip"]: (row["m_j"], row["m_f"]) for row in table}
        for prediction in read_predictions(folder.path)[0]:
            record = prediction.record
            assert (record.m_j, record.m_f) == scores[record.clip]
            # With two classes the heat is above one half exactly where an object is predicted; it is stored rounded.
            clear = abs(prediction.heat.astype(float) - 0.5) > 1e-3
            assert ((prediction.heat > 0.5) == (prediction.prediction == 1))[clear].all()


def test_clips_are_predicted_later_by_name(own, clips, data):
    storage, key = own
    name = AVSBench(data, "s4", "test", 32).entries[-1].name
    known = {path.name for path in (storage / "trials" / key / "predictions").iterdir()}
    for path in (storage / "trials" / key / "predictions").iterdir():
        path.unlink()
    said = clips(key, storage, "--clip", name)

    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("1 clip predicted\n")
    ((found,), problems) = read_predictions(storage / "trials" / key)
    assert problems == []
    assert (found.record.clip, found.record.choice.rule, found.record.choice.chosen) == (name, "by-id", 1)
    assert clips(key, storage, "--clip", name).out == "all of these are predicted already\n"

    assert clips(key, storage).code == 0
    assert {path.name for path in (storage / "trials" / key / "predictions").iterdir()} >= known


def test_what_a_result_vouches_for_stays_as_it_is(own, clips):
    storage, key = own
    folder = storage / "trials" / key / "predictions"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    first = read_predictions(folder.parent)[0][0].record.clip

    assert clips(key, storage, "--clip", first).out == "all of these are predicted already\n"
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_clip_predicted_by_name_and_a_damaged_one_take_their_places_in_the_rule(own, clips):
    storage, key = own
    trial = storage / "trials" / key
    before = read_predictions(trial)[0]
    untouched = {path: path.read_bytes() for path in (trial / "predictions").iterdir()}
    named, damaged = (trial / prediction_name(*one.name) for one in before[:2])
    named.unlink()
    assert clips(key, storage, "--clip", before[0].record.clip).code == 0
    damaged.write_bytes(b"no zip")
    assert clips(key, storage).out.endswith("2 clips predicted\n")

    predictions, problems = read_predictions(trial)
    assert problems == []
    assert [one.record.choice for one in predictions] == [one.record.choice for one in before]
    assert [one.name for one in predictions] == [one.name for one in before]
    assert all(path.read_bytes() == untouched[path] for path in untouched if path not in (named, damaged))
    assert clips(key, storage).out == "all of these are predicted already\n"


def test_mistakes_are_told_before_anything_is_predicted(own, clips, command, tmp_path):
    storage, key = own
    assert "error: nonsense: is no trial key" in clips("nonsense", storage).err
    assert "has no result in this storage" in clips("0" * 16, storage).err
    assert "error: --clip clip_: is not in the test split" in clips(key, storage, "--clip", "clip_").err
    other = tmp_path / "other"
    assert (
        command("data", "synth", "--subset", "s4", "--out", other, "--clips", 20, "--size", 32, "--seed", 9).code == 0
    )
    said = command("report", "clips", key, "--storage", storage, "--data", other)
    assert said.code == 2
    assert said.err == (
        f"error: trial {key}: was trained on other data than {other} holds (name its data folder with --data)\n"
    )


def test_a_clip_with_a_strange_name_is_predicted_under_a_plain_one(data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "data")
    root = subset_root(copy, "s4")
    dataset = AVSBench(copy, "s4", "test", 32)
    old, category = dataset.entries[first_by_category(dataset.entries)[0]].name, dataset.entries[0].category
    new = "$(rm -rf) 'ein' <b>Hündchen<b> 犬"
    index = root / "s4_meta_data.csv"
    index.write_text(index.read_text().replace(f"{old},", f"{new},"))
    for path in sorted(root.rglob(f"*{old}*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(path.name.replace(old, new)))
    folder = run(10.0, tmp_path / "storage", copy)

    path = folder.path / prediction_name(category, new)
    assert path.name.isascii()
    assert new in [prediction.record.clip for prediction in read_predictions(folder.path)[0]]
    assert folder.result.checksums[f"predictions/{path.name}"] == file_checksum(path)
