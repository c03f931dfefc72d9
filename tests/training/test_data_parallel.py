"""One worker or several: the same losses and the same scores, by real processes that talk over gloo."""

import shutil

import pytest
from tiny_trials import (
    assert_same_outcome,
    double_precision,
    first_losses,
    fit_together,
    losses_by_step,
    outcome,
    run_fit,
    tiny_config,
    validations,
)

SILENT = {"model.fusion.dropout": 0.0}
"""Each worker has a dropout of its own; everything else is to be equal."""
TRIAL = {**SILENT, "training.batch": 4, "training.iterations": 4, "training.evaluate_every": 2}
"""Two validations, and a checkpoint after each, with `OFTEN`."""
OFTEN = {"checkpoint_every": 2}
EXACT = 1e-12
"""Between 64-bit numbers."""


def assert_same_losses(one, other, steps, within=1e-6):
    assert list(one) == list(other) == list(steps)
    for step in steps:
        # L_ada is a small difference of large numbers: beside the others its rounding is seen absolutely.
        assert one[step] == pytest.approx(other[step], rel=within, abs=within), f"step {step}"
        assert one[step]["total"] == pytest.approx(other[step]["total"], rel=within), f"step {step}"


@pytest.fixture(scope="module")
def alone(tiny_data, tmp_path_factory):
    """In 64-bit numbers, like `together`: rounding in fp32 alone moves the losses by 1e-6 within some steps."""
    checkpoints = tmp_path_factory.mktemp("alone") / "checkpoints"
    with double_precision():
        return list(run_fit(tiny_config(TRIAL), tiny_data, checkpoints, **OFTEN)), checkpoints


@pytest.fixture(scope="module")
def together(tiny_data, tmp_path_factory):
    checkpoints = tmp_path_factory.mktemp("together") / "checkpoints"
    return fit_together(tiny_config(TRIAL), tiny_data, checkpoints, count=2, double=True, **OFTEN), checkpoints


def test_f19_two_workers_make_the_losses_of_one(alone, together):
    first, second = map(losses_by_step, together[0])
    assert_same_losses(first, losses_by_step(alone[0]), range(1, 5), within=EXACT)
    assert first == second


def test_every_worker_knows_every_score_and_the_first_one_writes(together):
    (first, second), _ = together
    assert validations(first) == validations(second)
    assert {event.score.count for event in validations(first).values()} == {5}
    assert outcome(first).score == outcome(second).score
    kinds = [[type(event).__name__ for event in events] for events in (first, second)]
    assert len(outcome(first).predictions) == 6
    assert not outcome(second).predictions
    assert [len(event.previews) for event in validations(first).values()] == [2, 2]
    assert not any(event.previews for event in validations(second).values())
    assert kinds[1] == [kind for kind in kinds[0] if kind != "Checkpointed"]


@pytest.mark.parametrize("count", [2, 4])
def test_f19_scores_are_exactly_equal_when_clips_do_not_divide_among_workers(count, alone, tiny_data, tmp_path):
    events, checkpoints = alone
    shutil.copytree(checkpoints, tmp_path / "checkpoints")
    everyone = fit_together(tiny_config(TRIAL), tiny_data, tmp_path / "checkpoints", count, double=True)
    assert outcome(events).score.count == 7
    assert_same_outcome(everyone[0], events)
    assert {outcome(other).score for other in everyone} == {outcome(events).score}


def test_what_two_workers_began_one_continues(together, tiny_data, tmp_path):
    (first, _), checkpoints = together
    shutil.copytree(checkpoints / "step-00000002", tmp_path / "step-00000002")
    for best in checkpoints.glob("best-*"):
        shutil.copytree(best, tmp_path / best.name)
    with double_precision():
        events = list(run_fit(tiny_config(TRIAL), tiny_data, tmp_path))
    expected = {step: losses for step, losses in losses_by_step(first).items() if step > 2}
    assert_same_losses(losses_by_step(events), expected, range(3, 5), within=EXACT)


@pytest.mark.parametrize(
    "overrides",
    [
        {"data.task": "avss"},
        {"model.fusion.mode": "none", "loss.class_weight": 0},
        {"model.query_decoder.query_mode": "all"},
        {"model.query_decoder.query_mode": "concat", "model.siam_encoder.mode": "shared"},
        {"truths.audio_query_expand": "paper", "truths.bfm_softmax_axis": "paper"},
    ],
    ids=str,
)
def test_variants_of_the_network_do_not_depend_on_the_number_of_workers(overrides, light_data, tmp_path):
    """AVSS gives the workers different numbers of frames; some variants leave parameters without gradients."""
    config = tiny_config({**SILENT, **overrides, "training.batch": 4, "training.iterations": 2})
    expected = first_losses(2, config, light_data, tmp_path / "alone")
    first, second = map(losses_by_step, fit_together(config, light_data, tmp_path / "together", count=2, steps=2))
    assert_same_losses(first, expected, (1, 2))
    assert first == second


def test_two_workers_train_in_half_precision(light_data, tmp_path):
    config = tiny_config({"data.task": "avss", "training.precision": "bf16", "training.iterations": 2})
    first, second = fit_together(config, light_data, tmp_path / "checkpoints", count=2, steps=2)
    assert losses_by_step(first) == losses_by_step(second)
    assert len(losses_by_step(first)) == 2
