"""Only the first worker reads and writes checkpoints, so the others need no folder with anything in it."""

import pytest
from tiny_trials import (
    Stopping,
    assert_same_checkpoint,
    assert_same_outcome,
    first_losses,
    fit_together,
    losses_by_step,
    outcome,
    start_fit,
    tiny_config,
)

from model.training.events import Stopped

TRIAL = {"training.iterations": 6}


@pytest.fixture(scope="module")
def uninterrupted(light_data, tmp_path_factory):
    """What two workers with one folder make without a stop."""
    checkpoints = tmp_path_factory.mktemp("shared") / "checkpoints"
    return fit_together(tiny_config(TRIAL), light_data, checkpoints, 2), checkpoints


def test_workers_with_folders_of_their_own_continue_bit_by_bit(uninterrupted, light_data, tmp_path):
    expected, shared = uninterrupted
    place = (tiny_config(TRIAL), light_data, tmp_path / "checkpoints", 2)
    for stop in (2, 2):
        stopped = fit_together(*place, apart=True, should_stop=Stopping(stop))
        assert all(isinstance(events[-1], Stopped) for events in stopped)
    continued = fit_together(*place, apart=True)

    for events, others in zip(continued, expected, strict=True):
        losses = losses_by_step(events)
        assert losses == {step: losses_by_step(others)[step] for step in losses}
        assert outcome(events).score == outcome(others).score
    assert min(losses_by_step(continued[0])) in range(3, 6)
    assert_same_outcome(continued[0], expected[0])
    first, second = tmp_path / "checkpoints" / "0", tmp_path / "checkpoints" / "1"
    assert_same_checkpoint(first / "step-00000006", shared / "step-00000006")
    assert not second.exists()


def test_initial_weights_reach_all_workers(uninterrupted, light_data, tmp_path):
    best = uninterrupted[1] / outcome(uninterrupted[0][0]).folder.name
    length = {"training.batch": 4, "training.iterations": 2}
    config = tiny_config({"initial_trial": "0" * 16, "model.fusion.dropout": 0.0, **length})
    alone = first_losses(2, config, light_data, tmp_path / "alone", initial_weights=best)
    both = fit_together(config, light_data, tmp_path / "both", 2, apart=True, steps=2, initial_weights=best)
    for events in both:
        for step, losses in losses_by_step(events).items():
            assert losses == pytest.approx(alone[step], rel=1e-6, abs=1e-6)


def test_what_the_first_worker_cannot_read_ends_all_of_them(light_data, tmp_path):
    config = tiny_config({"initial_trial": "0" * 16})
    running = start_fit(config, light_data, tmp_path / "checkpoints", 2)
    assert [list(worker.events()) for worker in running] == [[], []]
    assert [worker.process.exitcode for worker in running] == [1, 1]
