"""Stored checkpoints: damage is noticed before anything is loaded, and only what is needed is kept."""

import json
import logging
import shutil
from contextlib import suppress

import pytest
from safetensors.torch import load_file
from tiny_trials import assert_same_checkpoint, assert_same_outcome, losses_by_step, outcome, run_fit, tiny_config

from experiments.presets import resolve_preset
from model.atomic_writes import atomic_folder, drafts
from model.training.checkpoint import latest_training_state
from model.training.events import Checkpointed
from model.weights.errors import CheckpointError
from model.weights.folder import damaged_file, read_manifest, write_folder


@pytest.fixture
def checkpoints(straight, tmp_path):
    """A copy of the finished run's checkpoints, to be damaged."""
    return shutil.copytree(straight[1], tmp_path / "checkpoints")


def flip_byte(path, place=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)


def names(folder, pattern="*"):
    return sorted(path.name for path in folder.glob(pattern))


def half_written(folder):
    """Makes a folder look as if this process had been killed before it was whole."""
    with suppress(ZeroDivisionError), atomic_folder(folder) as draft:
        name = draft.name
        raise ZeroDivisionError
    folder.rename(folder.with_name(name))


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "manifest.json"])
def test_f9_training_continues_before_a_damaged_state(file, straight, checkpoints, light_data, caplog):
    flip_byte(checkpoints / "step-00000006" / file)
    with caplog.at_level(logging.WARNING):
        events = list(run_fit(tiny_config(), light_data, checkpoints))
    assert f"checkpoint {checkpoints}/step-00000006 is damaged ({file}); using an earlier one" in caplog.messages
    assert list(losses_by_step(events)) == [4, 5, 6]
    assert_same_checkpoint(checkpoints / "step-00000006", straight[1] / "step-00000006")
    assert_same_outcome(events, straight[0])


def test_f9_every_byte_of_a_manifest_counts(checkpoints):
    path = checkpoints / "step-00000006" / "manifest.json"
    whole = path.read_text()
    for key, value in json.loads(whole).items():
        path.write_text(whole.replace(f'"{key}"', f'"{key}x"'))
        assert damaged_file(path.parent) == "manifest.json", key
        if type(value) is int:
            path.write_text(whole.replace(f'"{key}": {value}', f'"{key}": {value + 1}'))
            assert damaged_file(path.parent) == "manifest.json", key
    path.write_text(whole)
    assert damaged_file(path.parent) is None


def test_damaged_best_weights_are_made_again(straight, checkpoints, light_data, caplog):
    best = outcome(straight[0]).folder.name
    flip_byte(checkpoints / best / "model.safetensors")
    events = list(run_fit(tiny_config(), light_data, checkpoints))
    assert f"{best}/model.safetensors" in caplog.text
    assert_same_checkpoint(checkpoints / best, straight[1] / best)
    assert_same_outcome(events, straight[0])


def test_without_an_intact_state_training_starts_anew(checkpoints, light_data, caplog):
    for folder in checkpoints.glob("step-*"):
        flip_byte(folder / "model.safetensors")
    assert latest_training_state(checkpoints) is None
    assert len(caplog.messages) == 2
    assert next(run_fit(tiny_config(), light_data, checkpoints)).step == 1


def test_f8_a_half_written_state_is_never_used(checkpoints):
    half_written(checkpoints / "step-00000006")
    shutil.copytree(*drafts(checkpoints), checkpoints / ".step-00000009.elsewhere.7.draft")
    assert latest_training_state(checkpoints).name == "step-00000003"


def test_half_written_states_neither_stand_in_the_way_nor_pile_up(straight, checkpoints, light_data):
    half_written(checkpoints / "step-00000006")
    (checkpoints / ".step-00000006.elsewhere.7.draft").mkdir()
    (checkpoints / ".best-00000003.elsewhere.7.draft").mkdir()
    events = list(run_fit(tiny_config(), light_data, checkpoints))
    assert drafts(checkpoints) == []
    assert_same_outcome(events, straight[0])


@pytest.mark.parametrize("keep", [1, 2])
def test_the_newest_states_and_the_best_weights_they_refer_to_are_kept(keep, light_data, tmp_path):
    config = tiny_config({"training.batch": 1, "training.iterations": 8, "training.evaluate_every": 2})
    for event in run_fit(config, light_data, tmp_path, checkpoint_every=2, keep_checkpoints=keep):
        if isinstance(event, Checkpointed):
            newest = range(event.step, 0, -2)[:keep]
            assert names(tmp_path, "step-*") == sorted(f"step-{step:08d}" for step in newest)
            wanted = {
                json.loads((tmp_path / name / "manifest.json").read_text())["best_step"]
                for name in names(tmp_path, "step-*")
            }
            assert names(tmp_path, "best-*") == sorted(f"best-{step:08d}" for step in wanted)


def test_a_damaged_newer_state_does_not_push_out_an_intact_one(checkpoints, light_data):
    flip_byte(checkpoints / "step-00000006" / "manifest.json", place=0.0)
    events = run_fit(tiny_config(), light_data, checkpoints, checkpoint_every=2, keep_checkpoints=1)
    assert any(isinstance(event, Checkpointed) for event in events)
    assert names(checkpoints, "step-*") == ["step-00000004", "step-00000006"]
    assert latest_training_state(checkpoints).name == "step-00000004"


def test_weights_that_do_not_fit_are_named(checkpoints, light_data):
    config = tiny_config({"model.query_decoder.queries": 5})
    with pytest.raises(CheckpointError, match=r"step-00000006/model\.safetensors does not fit this model"):
        next(run_fit(config, light_data, checkpoints))


def test_initial_weights_are_checked_before_they_are_loaded(straight, checkpoints, light_data, tmp_path):
    best = checkpoints / outcome(straight[0]).folder.name
    config = tiny_config({"initial_trial": "0123456789abcdef"})
    first = next(run_fit(config, light_data, tmp_path / "fresh", initial_weights=best))
    assert first.losses != losses_by_step(straight[0])[1]
    flip_byte(best / "model.safetensors", place=0.99)
    remedy = r"restore it, or remove the folder of trial 0123456789abcdef to train that one again$"
    with pytest.raises(CheckpointError, match=rf"best-\d+ is damaged \(model\.safetensors\): {remedy}"):
        next(run_fit(config, light_data, tmp_path / "fresh", initial_weights=best))


def test_initial_weights_of_another_model_are_told_with_both_names(straight, checkpoints, light_data, tmp_path):
    best = checkpoints / outcome(straight[0]).folder.name
    config = resolve_preset("bigen_demo", "s4", {"data.size": 32}).model_copy(update={"initial_trial": "0" * 16})
    told = rf"{best.name} holds weights of combo, and a trial of bigen starts from those of bigen: restore it, or "
    with pytest.raises(CheckpointError, match=told):
        next(run_fit(config, light_data, tmp_path / "fresh", initial_weights=best))


def test_a2_a_checkpoint_holds_nothing_that_loading_could_run(straight):
    assert {path.suffix for path in straight[1].rglob("*") if path.is_file()} == {".safetensors", ".json"}
    assert names(straight[1] / "step-00000006") == ["manifest.json", "model.safetensors", "optimizer.safetensors"]


@pytest.mark.parametrize(
    "change", [{"best_step": None}, {"step": "nine"}, {"best": [1.0]}], ids=["absent", "text", "short"]
)
def test_a_complete_folder_that_is_no_training_state_is_passed_over(change, checkpoints, caplog):
    folder = checkpoints / "step-00000006"
    manifest = {**read_manifest(folder), **change}
    kept = {key: value for key, value in manifest.items() if value is not None and key != "checksums"}
    tensors = {name: load_file(folder / name) for name in manifest["checksums"]}
    write_folder(folder, tensors, kept, replace=True)
    assert latest_training_state(checkpoints).name == "step-00000003"
    assert f"checkpoint {folder} is damaged (manifest.json); using an earlier one" in caplog.messages


def test_states_of_multiples_of_a_distance_are_kept_with_their_best_weights(light_data, tmp_path):
    config = tiny_config({"training.batch": 1})
    events = list(run_fit(config, light_data, tmp_path, checkpoint_every=2, keep_checkpoints=1, keep_every=4))
    assert names(tmp_path, "step-*") == ["step-00000004", "step-00000006"]
    wanted = {read_manifest(tmp_path / name)["best_step"] for name in names(tmp_path, "step-*")}
    assert names(tmp_path, "best-*") == sorted(f"best-{step:08d}" for step in wanted)
    assert outcome(events).best_step in wanted
