"""Every preset takes real steps in its own precision, at its full size, on every task of its model, and learns."""

import math
from statistics import mean

import pytest
import torch
from preset_steps import first_steps

from experiments.papers import ROOT
from experiments.presets import resolve_preset
from model.data.synthetic.writer import write_synthetic

STEPS = 12
PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.yaml"))
PLACES = [(preset, task) for preset in PRESETS for task in type(resolve_preset(preset, "s4")).TASKS]
SMALL = [
    pytest.param(*place, marks=[pytest.mark.minutes] if "pvt" in place[0] else [])
    for place in PLACES
    if "demo" in place[0]
]
RELEASED = [place for place in PLACES if "demo" not in place[0]]


@pytest.fixture(scope="session")
def steps_of(tmp_path_factory):
    """Takes first steps on a few clips, which are written once for each task and size."""
    roots = {}

    def take(preset, task, steps, device="cpu", **settings):
        config = resolve_preset(preset, task)
        size = settings.get("data__size", config.data.size)
        if (task, size) not in roots:
            roots[task, size] = tmp_path_factory.mktemp(f"{task}-{size}")
            write_synthetic(task, roots[task, size], clips=8, seed=1, size=size)
        return first_steps(preset, task, roots[task, size], steps, device, **settings)

    return take


def assert_learns(steps):
    """Single batches are easier or harder than others; five of them are about alike."""
    losses = [step.losses["total"] for step in steps]
    assert len(losses) == STEPS
    assert mean(losses[-5:]) < mean(losses[:5])


@pytest.mark.parametrize(("preset", "task"), SMALL)
def test_a_small_preset_learns_in_twelve_steps(preset, task, steps_of):
    assert_learns(steps_of(preset, task, STEPS, training__batch=1))


@pytest.mark.minutes
@pytest.mark.parametrize("lambda_ada", [0, 10])
@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_avss_at_its_released_size_in_half_precision(precision, lambda_ada, steps_of):
    """100 queries on maps of 56 x 56: sums of their squares pass the largest number of fp16."""
    settings = {"model__query_decoder__queries": 100, "data__size": 224, "training__batch": 1}
    where = {"training__precision": precision, "loss__lambda_ada": lambda_ada}
    (single,) = steps_of("combo_demo", "avss", 1, **settings, loss__lambda_ada=lambda_ada)
    (half,) = steps_of("combo_demo", "avss", 1, **settings, **where)
    # Scaled by 65 536, gradients in fp16 may overflow at first: the scaler passes over that step and halves the scale.
    assert precision == "fp16" or math.isfinite(half.gradient_norm)
    assert half.losses == pytest.approx(single.losses, rel=0.05, abs=0.01)


@pytest.mark.minutes
@pytest.mark.parametrize(("preset", "task"), RELEASED)
def test_a_released_preset_takes_a_step(preset, task, steps_of):
    (step,) = steps_of(preset, task, 1, training__batch=1)
    assert math.isfinite(step.losses["total"])
    assert all(map(math.isfinite, step.losses.values()))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@pytest.mark.parametrize(("preset", "task"), RELEASED)
def test_a_released_preset_learns_in_twelve_steps(preset, task, steps_of):
    assert_learns(steps_of(preset, task, STEPS, device="cuda"))
