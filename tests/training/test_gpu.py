"""What only a GPU can show: the same training there, and mixed precision with a gradient scaler."""

import math

import pytest
import torch
from tiny_trials import run_fit, tiny_config

from model.training.events import Stepped

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]


def losses(events):
    return [event.losses["total"] for event in events if isinstance(event, Stepped)]


def test_the_first_loss_on_the_gpu_is_close_to_that_on_the_cpu(tiny_data, tmp_path):
    config = tiny_config({"training.iterations": 1, "training.evaluate_every": 1})
    on_cpu = losses(run_fit(config, tiny_data, tmp_path / "cpu"))
    on_gpu = losses(run_fit(config, tiny_data, tmp_path / "gpu", device="cuda"))
    # The random points differ between the devices' generators, so the losses agree only roughly.
    assert on_gpu == pytest.approx(on_cpu, rel=0.2)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_mixed_precision_trains_and_continues(tiny_data, tmp_path, precision):
    config = tiny_config({"training.iterations": 6, "training.evaluate_every": 3, "training.precision": precision})
    events = run_fit(config, tiny_data, tmp_path, device="cuda", checkpoint_every=3)
    for event in events:
        if isinstance(event, Stepped) and event.step == 4:
            events.close()
            break
    continued = losses(run_fit(config, tiny_data, tmp_path, device="cuda", checkpoint_every=3))
    assert len(continued) == 3
    assert all(map(math.isfinite, continued))
