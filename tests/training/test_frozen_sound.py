"""A trial with the frozen VGGish: its sound is encoded once per clip on a machine, whatever trains there later."""

import os

import pytest
import torch
from tiny_trials import losses_by_step, run_fit, tiny_config
from torch.nn.modules.module import register_module_forward_hook

from model.audio.vggish import VGGish
from model.weights.errors import CheckpointError

LENGTH = {"training.batch": 2, "training.iterations": 2, "training.evaluate_every": 2}
CONFIG = {"model.audio_encoder.name": "vggish", **LENGTH}


@pytest.fixture(autouse=True)
def light_vggish(monkeypatch):
    """Where it is called is asked here, not what it hears: it has 5 million parameters instead of 72."""
    monkeypatch.setattr(VGGish, "hidden", 8)


@pytest.fixture
def vggish_weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "vggish.pth"
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
