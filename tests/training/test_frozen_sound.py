"""A trial with the frozen VGGish: its sound is encoded once per clip on a machine, whatever trains there later."""

import pytest
import torch
from tiny_trials import losses_by_step, run_fit, tiny_config
from torch.nn.modules.module import register_module_forward_hook

from model.audio.vggish import VGGish

CONFIG = {"model.audio_encoder.name": "vggish", "training.iterations": 2, "training.evaluate_every": 2}


@pytest.fixture(scope="module")
def vggish_weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "vggish.pth"
    torch.save(VGGish().state_dict(), path)
    return path


def test_a_second_trial_on_the_same_clips_never_runs_vggish(tiny_data, vggish_weights, tmp_path):
    calls = []
    hook = register_module_forward_hook(
        lambda module, inputs, _output: calls.append(len(inputs[0])) if isinstance(module, VGGish) else None
    )
    places = {"vggish_weights": vggish_weights, "sound_cache": tmp_path / "cache"}
    try:
        first = list(run_fit(tiny_config(CONFIG), tiny_data, tmp_path / "first", **places))
        assert calls
        assert set(calls) == {5}
        calls.clear()
        second = list(run_fit(tiny_config(CONFIG), tiny_data, tmp_path / "second", **places))
    finally:
        hook.remove()
    assert calls == []
    assert losses_by_step(first) == losses_by_step(second)
