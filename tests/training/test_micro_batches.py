"""Micro-batches save memory and change nothing, by real processes that talk over gloo."""

import pytest
from safetensors.torch import load_file
from tiny_trials import (
    LIGHT_IN_HALF,
    Stopping,
    double_precision,
    first_losses,
    fit_together,
    losses_by_step,
    outcome,
    run_fit,
    tiny_config,
)
from torch import testing

from model.training.errors import ExecutionError
from model.training.events import Stopped

SILENT = {"model.fusion.dropout": 0.0}
"""Each micro-batch has a dropout of its own; everything else is to be equal."""
STEPS = 2
"""The second one begins with the weights that the first one made."""
QUICK = {**SILENT, "training.batch": 4, "training.iterations": STEPS, "training.evaluate_every": STEPS}


def assert_same_losses(one, other, total=1e-6):
    assert list(one) == list(other) == list(range(1, STEPS + 1))
    for step, losses in one.items():
        # L_ada is a small difference of large numbers: beside the others its rounding is seen absolutely.
        assert losses == pytest.approx(other[step], rel=1e-5, abs=1e-4), f"step {step}"
        assert losses["total"] == pytest.approx(other[step]["total"], rel=total), f"step {step}"


def train(config, data, checkpoints, count, micro_batch):
    """The losses by step on so many workers."""
    if count == 1:
        return first_losses(STEPS, config, data, checkpoints, micro_batch=micro_batch)
    return losses_by_step(fit_together(config, data, checkpoints, count, steps=STEPS, micro_batch=micro_batch)[0])


@pytest.fixture(params=["official", "paper"])
def expand(request):
    return {"truths.audio_query_expand": request.param}


@pytest.fixture
def in_double_precision():
    with double_precision():
        yield


@pytest.mark.usefixtures("in_double_precision")
def test_micro_batches_of_any_size_are_exact(expand, light_data, tmp_path):
    config = tiny_config({**QUICK, **expand, "training.batch": 3})
    whole = first_losses(STEPS, config, light_data, tmp_path / "whole")
    for micro_batch in (1, 2):
        parts = first_losses(STEPS, config, light_data, tmp_path / str(micro_batch), micro_batch=micro_batch)
        for step, losses in whole.items():
            assert parts[step] == pytest.approx(losses, rel=1e-12, abs=1e-12), f"step {step}"


@pytest.fixture(scope="module", params=["official", "paper"])
def whole(request, light_data, tmp_path_factory):
    """Configuration, losses and checkpoints of a run that takes each batch at once."""
    config = tiny_config({**QUICK, "truths.audio_query_expand": request.param})
    checkpoints = tmp_path_factory.mktemp("whole") / "checkpoints"
    return config, losses_by_step(list(run_fit(config, light_data, checkpoints))), checkpoints


@pytest.mark.parametrize(("count", "micro_batch"), [(1, 2), (2, 1)])
def test_steps_have_the_losses_of_whole_batches(count, micro_batch, whole, light_data, tmp_path):
    config, expected, checkpoints = whole
    if count == 1:
        events = list(run_fit(config, light_data, tmp_path / "checkpoints", micro_batch=micro_batch))
    else:
        events = fit_together(config, light_data, tmp_path / "checkpoints", count, micro_batch=micro_batch)[0]
    # Over these steps the rounding of fp32 moves the official total by 4e-6 from that of 64-bit numbers, either way.
    within = 1e-6 if config.truths.audio_query_expand == "paper" else 4e-6
    assert_same_losses(losses_by_step(events), expected, total=within)
    state = f"step-{STEPS:08d}/model.safetensors"
    weights = load_file(tmp_path / "checkpoints" / state)
    for name, tensor in load_file(checkpoints / state).items():
        testing.assert_close(weights[name], tensor, rtol=1e-3, atol=1e-4, msg=name)


def test_dropout_depends_on_the_clips_of_a_pass_and_not_on_who_makes_it(expand, light_data, tmp_path):
    """Gradients flow back through the audio that queries got, though it is computed three times."""
    config = tiny_config({**QUICK, **expand, "model.fusion.dropout": 0.5, "model.fusion.layer_scale_init": 1.0})
    expected = train(config, light_data, tmp_path / "two", 2, None)
    assert_same_losses(train(config, light_data, tmp_path / "one", 1, 2), expected)


@pytest.mark.parametrize(
    ("count", "overrides"),
    [
        (2, {"data.task": "avss"}),
        (1, {"model.query_decoder.query_mode": "all"}),
        (1, {"model.query_decoder.query_mode": "concat", "model.siam_encoder.mode": "shared"}),
        (2, {"model.query_decoder.query_mode": "none"}),
        (2, {"model.fusion.mode": "none"}),
        (2, {"model.fusion.mode": "none", "truths.audio_query_expand": "paper"}),
    ],
    ids=str,
)
def test_variants_of_the_network_do_not_depend_on_micro_batches(count, overrides, light_data, tmp_path):
    """AVSS gives micro-batches different numbers of frames; some variants leave parameters without gradients."""
    config = tiny_config({**QUICK, **overrides})
    expected = first_losses(STEPS, config, light_data, tmp_path / "whole")
    assert_same_losses(train(config, light_data, tmp_path / "parts", count, 1), expected)


def test_a_trial_continues_bit_by_bit_with_micro_batches(light_data, tmp_path):
    config = tiny_config({"training.iterations": 4, "training.evaluate_every": 4})
    straight = list(run_fit(config, light_data, tmp_path / "straight", micro_batch=1))
    stopped = list(run_fit(config, light_data, tmp_path / "run", micro_batch=1, should_stop=Stopping(2)))
    assert stopped[-1] == Stopped(2)
    continued = list(run_fit(config, light_data, tmp_path / "run", micro_batch=1))
    assert {**losses_by_step(stopped), **losses_by_step(continued)} == losses_by_step(straight)
    assert outcome(continued).score == outcome(straight).score


@pytest.mark.parametrize(("precision", "steps"), [("bf16", STEPS), ("fp16", 1)])
def test_half_precision_stays_close_to_whole_batches(precision, steps, light_data, tmp_path):
    length = {"training.iterations": steps, "training.evaluate_every": steps}
    config = tiny_config({**SILENT, **length, **LIGHT_IN_HALF, "training.precision": precision})
    whole = first_losses(steps, config, light_data, tmp_path / "whole")
    parts = first_losses(steps, config, light_data, tmp_path / "parts", micro_batch=1)
    for step, losses in whole.items():
        assert parts[step]["total"] == pytest.approx(losses["total"], rel=1e-2)


@pytest.mark.parametrize("micro_batch", [None, 4])
def test_batch_normalisation_takes_whole_batches_only(micro_batch, light_data, tmp_path):
    config = tiny_config({**QUICK, "model.backbone.norm": "native"})
    first = next(run_fit(config, light_data, tmp_path, micro_batch=micro_batch))
    assert first.step == 1
    with pytest.raises(ExecutionError, match=r"see only a part of each batch.*frozen_batch or group"):
        next(run_fit(config, light_data, tmp_path, micro_batch=2))
