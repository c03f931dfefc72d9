"""A trial that was stopped, gently or not, ends as one that never stopped, to the last bit."""

import signal

import pytest
from tiny_trials import (
    assert_same_checkpoint,
    assert_same_outcome,
    losses_by_step,
    outcome,
    run_fit,
    start_fit,
    tiny_config,
    validations,
)

from model.training.checkpoint import latest_training_state
from model.training.events import Stepped

STOP = 5
"""One step after a checkpoint, so that this one is made twice."""
OFTEN = {"checkpoint_every": 2}


def close_generator(data, checkpoints):
    events = run_fit(tiny_config(), data, checkpoints, **OFTEN)
    for event in events:
        if isinstance(event, Stepped) and event.step == STOP:
            events.close()


def kill_process(data, checkpoints):
    (running,) = start_fit(tiny_config(), data, checkpoints, **OFTEN)
    for event in running.events():
        if isinstance(event, Stepped) and event.step == STOP:
            running.process.kill()
    assert running.process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(("stop", "left"), [(close_generator, [4]), (kill_process, [2, 4])])
def test_a_stopped_trial_continues_bit_by_bit(stop, left, straight, light_data, tmp_path):
    """A kill may come while a thread still writes the newest state; then the one before is there."""
    uninterrupted, expected = straight
    checkpoints = tmp_path / "checkpoints"
    stop(light_data, checkpoints)
    first = int(latest_training_state(checkpoints).name.removeprefix("step-"))
    assert first in left

    events = list(run_fit(tiny_config(), light_data, checkpoints, **OFTEN))

    losses = losses_by_step(uninterrupted)
    assert losses_by_step(events) == {step: losses[step] for step in range(first + 1, 7)}
    scores = validations(uninterrupted)
    assert validations(events) == {step: score for step, score in scores.items() if step > first}
    assert_same_checkpoint(checkpoints / "step-00000006", expected / "step-00000006")
    assert_same_outcome(events, uninterrupted)


def test_a_finished_trial_is_only_tested_again(straight, light_data):
    uninterrupted, checkpoints = straight
    events = list(run_fit(tiny_config(), light_data, checkpoints))
    assert [type(event).__name__ for event in events] == ["Tested"]
    assert_same_outcome(events, uninterrupted)


def test_another_seed_is_another_trial(straight, light_data, tmp_path):
    uninterrupted, _ = straight
    first = next(run_fit(tiny_config({"seed": 1}), light_data, tmp_path))
    assert first.losses != losses_by_step(uninterrupted)[1]


def test_the_tested_weights_are_those_with_the_best_validation(straight):
    events, checkpoints = straight
    best = max(validations(events).values(), key=lambda event: event.score.m_j)
    assert outcome(events).best_step == best.step
    assert outcome(events).validation == best.score
    assert outcome(events).folder == checkpoints / f"best-{best.step:08d}"
