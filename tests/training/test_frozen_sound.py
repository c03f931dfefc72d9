"""A trial with the frozen VGGish: its sound is encoded once per clip on a machine, whatever trains there later."""

import os
import shutil
from contextlib import closing

import pytest
import torch
from safetensors.torch import load_file
from tiny_trials import first_losses, losses_by_step, run_fit, tiny_config
from torch.nn.modules.module import register_module_forward_hook

from model.audio.vggish import VGGish
from model.training.events import Checkpointed, Stepped
from model.weights.errors import CheckpointError
from model.weights.folder import read_manifest, write_folder
from model.weights.stored_model import load_model, read_stored_model

LENGTH = {"training.batch": 2, "training.iterations": 2, "training.evaluate_every": 2}
CONFIG = {"model.audio_encoder.name": "vggish", **LENGTH}


@pytest.fixture(scope="module", autouse=True)
def light_vggish():
    """Where it is called is asked here, not what it hears: it has 5 million parameters instead of 72."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(VGGish, "hidden", 8)
        yield


@pytest.fixture(scope="module")
def vggish_weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "vggish.pth"
    torch.save(VGGish().state_dict(), path)
    return path


def test_a_second_trial_on_the_same_clips_never_runs_vggish(light_data, vggish_weights, tmp_path):
    calls = []
    hook = register_module_forward_hook(
        lambda module, inputs, _output: calls.append(len(inputs[0])) if isinstance(module, VGGish) else None
    )
    places = {"vggish_weights": vggish_weights, "sound_cache": tmp_path / "cache"}
    try:
        first = list(run_fit(tiny_config(CONFIG), light_data, tmp_path / "first", **places))
        assert calls
        assert set(calls) == {5}
        calls.clear()
        second = list(run_fit(tiny_config(CONFIG), light_data, tmp_path / "second", **places))
    finally:
        hook.remove()
    assert calls == []
    assert losses_by_step(first) == losses_by_step(second)


def whole_state(folder):
    """Makes a training state hold everything itself, as those of earlier versions do."""
    manifest = read_manifest(folder)
    tensors = {name: load_file(folder / name) for name in manifest["checksums"]}
    frozen = folder.parent / manifest.pop("frozen")
    tensors["model.safetensors"] |= load_file(frozen / "model.safetensors")
    shutil.rmtree(frozen)
    write_folder(folder, tensors, manifest, replace=True)


def damage_frozen(folder):
    """Flips a byte of the frozen tensors."""
    (path,) = folder.parent.glob("frozen-*/model.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def delete_frozen(folder):
    """As after a kill between the deletion of a damaged folder and the move of another one to its place."""
    (frozen,) = folder.parent.glob("frozen-*")
    shutil.rmtree(frozen)


@pytest.fixture(scope="module")
def left_halfway(light_data, vggish_weights, tmp_path_factory):
    """A trial of two steps that was left after one, its place in a run, and the losses of its second step."""
    folder = tmp_path_factory.mktemp("halfway")
    config, place = tiny_config(CONFIG), {"vggish_weights": vggish_weights, "checkpoint_every": 1}
    losses = first_losses(2, config, light_data, folder / "straight", vggish_weights=vggish_weights)
    with closing(run_fit(config, light_data, folder / "trial", **place)) as events:
        next(event for event in events if isinstance(event, Checkpointed))
    for later in (folder / "trial").glob("*-00000002"):
        shutil.rmtree(later)
    return config, folder / "trial", place, losses[2]


@pytest.fixture
def halfway(left_halfway, tmp_path):
    """The same, with a copy of the trial."""
    config, trial, place, losses = left_halfway
    return config, shutil.copytree(trial, tmp_path / "trial"), place, losses


def test_training_states_refer_to_vggish_and_best_weights_hold_it(halfway, light_data):
    config, trial, place, _ = halfway
    list(run_fit(config, light_data, trial, **place))
    (frozen,) = trial.glob("frozen-*")
    vggish = set(load_file(frozen / "model.safetensors"))
    assert len(vggish) == len(VGGish().state_dict())
    for state in (trial / "step-00000001", trial / "step-00000002"):
        assert not vggish & set(load_file(state / "model.safetensors"))
        assert load_model(read_stored_model(state)).audio_encoder.state_dict().keys()
    assert vggish < set(load_file(trial / "best-00000002" / "model.safetensors"))


@pytest.mark.parametrize("change", [None, whole_state, damage_frozen, delete_frozen])
def test_a_trial_continues_with_the_vggish_beside_its_state(change, halfway, light_data):
    config, trial, place, losses = halfway
    if change is not None:
        change(trial / "step-00000001")
    events = run_fit(config, light_data, trial, **place)
    with closing(events):
        first = next(event for event in events if isinstance(event, Stepped))
    assert (first.step, first.losses) == (2, losses)


def test_a_trial_keeps_its_vggish_whatever_file_is_given_later(halfway, light_data, tmp_path):
    config, trial, place, losses = halfway
    torch.save({name: value + 1 for name, value in VGGish().state_dict().items()}, tmp_path / "other.pth")
    events = run_fit(config, light_data, trial, **place | {"vggish_weights": tmp_path / "other.pth"})
    with closing(events):
        assert next(event for event in events if isinstance(event, Stepped)).losses == losses
    assert len(list(trial.glob("frozen-*"))) == 1


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"weight": Bomb()}, "vggish.pth asks for 'posix.mkdir', which no weights need"),
        ({"features.0.weight": torch.ones(3)}, "vggish.pth holds no weights of VGGish, .*: 17 missing: "),
    ],
)
def test_what_is_no_vggish_is_refused_in_one_line(light_data, tmp_path, monkeypatch, content, told):
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "vggish.pth")
    with pytest.raises(CheckpointError, match=told) as refused:
        next(run_fit(tiny_config(CONFIG), light_data, tmp_path / "run", vggish_weights=tmp_path / "vggish.pth"))
    assert len(str(refused.value).splitlines()) == 1
    assert "weights_only" not in str(refused.value)
    assert not (tmp_path / "exploded").exists()
