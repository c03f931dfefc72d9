"""How long a sweep still takes, from the updates of its trials."""

import pytest
from sweep_updates import started, step

from orchestrator.monitoring.sweep_progress import SweepProgress


def test_the_time_left_is_unknown_before_the_first_step(trials):
    progress = SweepProgress(trials)
    progress.take(started(trials[0]))

    assert progress.seconds_left() is None


def test_trials_that_run_side_by_side_share_the_time_left(trials):
    progress = SweepProgress(trials)
    for trial in trials[:2]:
        progress.take(started(trial))
        progress.take(step(trial, 2))

    assert progress.seconds_left() == pytest.approx((4 + 4 + 6) * 2.0 / 2)


def test_a_sweep_whose_last_trial_runs_takes_as_long_as_that_one(trials):
    progress = SweepProgress(trials[:1])
    progress.take(started(trials[0]))
    progress.take(step(trials[0], 2))

    assert progress.seconds_left() == pytest.approx(4 * 2.0)
