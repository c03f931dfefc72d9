"""A trial that is asked to stop leaves a training state, and goes on from it as if it had never stopped."""

import pytest
from tiny_trials import (
    LIGHT_SCORED,
    Stopping,
    assert_same_checkpoint,
    assert_same_outcome,
    fit_together,
    losses_by_step,
    run_fit,
    tiny_config,
    validations,
)

from model.training.events import Checkpointed, Evaluated, Stopped


def merged(attempts):
    return [event for events in attempts for event in events]


def assert_as_if_never_stopped(attempts, checkpoints, straight):
    uninterrupted, expected = straight
    events = merged(attempts)
    assert losses_by_step(events) == losses_by_step(uninterrupted)
    assert [step for events in attempts for step in losses_by_step(events)] == list(range(1, 13))
    assert validations(events) == validations(uninterrupted)
    assert len([event for event in events if isinstance(event, Evaluated)]) == 4
    assert_same_checkpoint(checkpoints / "step-00000012", expected / "step-00000012")
    assert_same_outcome(events, uninterrupted)


@pytest.mark.parametrize("step", [1, 8])
def test_between_checkpoints(step, straight, light_data, tmp_path):
    # Each of the two validations before step 8 asks once per clip.
    calls = step + LIGHT_SCORED * (step // 3)
    stopped = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(calls)))
    assert stopped[-2:] == [Checkpointed(step, tmp_path / f"step-{step:08d}"), Stopped(step)]
    continued = list(run_fit(tiny_config(), light_data, tmp_path))
    assert_as_if_never_stopped([stopped, continued], tmp_path, straight)


@pytest.mark.parametrize("clips", [0, 2], ids=["before", "during"])
@pytest.mark.parametrize("validations_before", [0, 3], ids=["the first", "the last"])
def test_a_validation_that_was_not_finished_is_made_again(clips, validations_before, straight, light_data, tmp_path):
    step = 3 * (validations_before + 1)
    calls = step + LIGHT_SCORED * validations_before + clips
    stopped = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(calls)))
    assert stopped[-2:] == [Checkpointed(step, tmp_path / f"step-{step:08d}"), Stopped(step)]
    assert step not in validations(stopped)
    asked_again = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(2)))
    assert asked_again == [Stopped(step)]
    continued = list(run_fit(tiny_config(), light_data, tmp_path))
    assert_as_if_never_stopped([stopped, asked_again, continued], tmp_path, straight)


def test_during_the_test(straight, light_data, tmp_path):
    calls = 12 + LIGHT_SCORED * 4 + 2
    stopped = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(calls)))
    assert isinstance(stopped[-3], Evaluated)
    assert stopped[-2:] == [Checkpointed(12, tmp_path / "step-00000012"), Stopped(12)]
    continued = list(run_fit(tiny_config(), light_data, tmp_path))
    assert_as_if_never_stopped([stopped, continued], tmp_path, straight)


@pytest.mark.parametrize("rank", [0, 1])
def test_asking_one_of_two_workers_stops_both_at_the_same_step(rank, light_data, tmp_path):
    everyone = fit_together(tiny_config(), light_data, tmp_path, 2, should_stop=Stopping(3, rank))
    assert [list(losses_by_step(events)) for events in everyone] == [[1, 2, 3]] * 2
    assert [events[-1] for events in everyone] == [Stopped(3)] * 2
    assert everyone[0][-2] == Checkpointed(3, tmp_path / "step-00000003")
