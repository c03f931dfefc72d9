"""A trial that is asked to stop leaves a training state, and goes on from it as if it had never stopped."""

import shutil

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

from model.training.events import Checkpointed, Evaluated, Stepped, Stopped
from model.weights.folder import read_manifest


def merged(attempts):
    return [event for events in attempts for event in events]


def as_far_as(step, straight, checkpoints):
    """Leaves the states of an attempt that made so many steps without a stop; returns its events."""
    events, made = straight
    kept = [folder for folder in made.glob("step-*") if int(folder.name.removeprefix("step-")) <= step]
    names = {folder.name for folder in kept} | {f"best-{read_manifest(folder)['best_step']:08d}" for folder in kept}
    for name in names:
        shutil.copytree(made / name, checkpoints / name)
    return [event for event in events if isinstance(event, Stepped | Evaluated) and event.step <= step]


def assert_as_if_never_stopped(attempts, checkpoints, straight):
    uninterrupted, expected = straight
    events = merged(attempts)
    assert losses_by_step(events) == losses_by_step(uninterrupted)
    assert [step for events in attempts for step in losses_by_step(events)] == list(range(1, 7))
    assert validations(events) == validations(uninterrupted)
    assert len([event for event in events if isinstance(event, Evaluated)]) == 2
    assert_same_checkpoint(checkpoints / "step-00000006", expected / "step-00000006")
    assert_same_outcome(events, uninterrupted)


@pytest.mark.parametrize("step", [1, 5])
def test_between_checkpoints(step, straight, light_data, tmp_path):
    before = as_far_as(step - step % 3, straight, tmp_path)
    stopped = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(step % 3)))
    assert stopped[-2:] == [Checkpointed(step, tmp_path / f"step-{step:08d}"), Stopped(step)]
    continued = list(run_fit(tiny_config(), light_data, tmp_path))
    assert_as_if_never_stopped([before, stopped, continued], tmp_path, straight)


@pytest.mark.parametrize("clips", [0, 2], ids=["before", "during"])
@pytest.mark.parametrize("validations_before", [0, 1], ids=["the first", "the last"])
def test_a_validation_that_was_not_finished_is_made_again(clips, validations_before, straight, light_data, tmp_path):
    before, step = as_far_as(3 * validations_before, straight, tmp_path), 3 * (validations_before + 1)
    stopped = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(3 + clips)))
    assert stopped[-2:] == [Checkpointed(step, tmp_path / f"step-{step:08d}"), Stopped(step)]
    assert step not in validations(stopped)
    asked_again = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(2)))
    assert asked_again == [Stopped(step)]
    continued = list(run_fit(tiny_config(), light_data, tmp_path))
    assert_as_if_never_stopped([before, stopped, asked_again, continued], tmp_path, straight)


def test_during_the_test(straight, light_data, tmp_path):
    before = as_far_as(3, straight, tmp_path)
    # Asked once per step and once per clip of the last validation, then by the first clips of the test.
    stopped = list(run_fit(tiny_config(), light_data, tmp_path, should_stop=Stopping(3 + LIGHT_SCORED + 2)))
    assert isinstance(stopped[-3], Evaluated)
    assert stopped[-2:] == [Checkpointed(6, tmp_path / "step-00000006"), Stopped(6)]
    continued = list(run_fit(tiny_config(), light_data, tmp_path))
    assert_as_if_never_stopped([before, stopped, continued], tmp_path, straight)


@pytest.mark.parametrize("rank", [0, 1])
def test_asking_one_of_two_workers_stops_both_at_the_same_step(rank, light_data, tmp_path):
    everyone = fit_together(tiny_config(), light_data, tmp_path, 2, should_stop=Stopping(3, rank))
    assert [list(losses_by_step(events)) for events in everyone] == [[1, 2, 3]] * 2
    assert [events[-1] for events in everyone] == [Stopped(3)] * 2
    assert everyone[0][-2] == Checkpointed(3, tmp_path / "step-00000003")
