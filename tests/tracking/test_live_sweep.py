"""A sweep in MLflow while it runs: what the tracker is told arrives, and equals what is stored in the end."""

import threading

import pytest
from stored_trials import SWEEP, lines

from orchestrator.tracking import tracker
from orchestrator.tracking.live_sweep import LiveSweep
from orchestrator.tracking.synchronise import synchronise
from orchestrator.tracking.tracker import Tracker
from orchestrator.trial.updates import Ended, Failed, Finished, Measured, Started
from tests.orchestrator.combo_command import wait_until


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(tracker, "EVERY", 0.2)


@pytest.fixture
def tracking(settings, trials):
    """A tracker of the first trial; the others were not asked for."""
    return lambda: Tracker(settings, "combo", SWEEP, trials[:1], [])


@pytest.fixture
def run(stored):
    """Stores what an attempt measures and tells the tracker of it, as a trial does."""

    def measure(tracking, trial, attempt, first, last):
        stored.measure(trial, [])
        tracking.on_update(Started(trial, attempt, first - 1))
        for line in lines(attempt, first, last):
            stored.measure(trial, [line])
            tracking.on_update(Measured(trial.key, line))

    return measure


def changes(settings):
    """How many runs differ from storage."""
    return synchronise(settings, [], lambda *_: None).changed


def history(view, run, metric):
    return view.client.get_metric_history(run.info.run_id, metric)


def by_time(point):
    return point.timestamp


def test_losses_are_there_while_the_trial_runs(tracking, run, view, trials):
    with tracking() as mirror:
        run(mirror, trials[0], 1, 1, 8)
        wait_until(
            lambda: trials[0].key in view().trials and "val/m_j_percent" in view().trials[trials[0].key].data.metrics
        )
        seen = view()
        assert [seen.trials[trials[0].key].info.status, seen.sweeps[SWEEP].info.status] == ["RUNNING", "RUNNING"]
        assert view().trials[trials[0].key].data.metrics["train/loss_total"] > 0


def test_a_finished_sweep_leaves_nothing_to_sync(tracking, run, stored, view, trials, settings):
    with tracking() as mirror:
        run(mirror, trials[0], 1, 1, 20)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))

    assert mirror.trouble is None
    seen = view()
    assert [seen.trials[trials[0].key].info.status, seen.sweeps[SWEEP].info.status] == ["FINISHED", "FINISHED"]
    assert changes(settings) == 0


def test_a_trial_that_repeats_lost_steps_keeps_its_run(tracking, run, stored, view, trials, settings):
    with tracking() as mirror:
        run(mirror, trials[0], 1, 1, 14)
        wait_until(lambda: trials[0].key in view().trials)
        linked = view().trials[trials[0].key].info.run_id
        mirror.on_update(Failed(trials[0].key, stored.fail(trials[0], "its process is gone"), again=True))
        run(mirror, trials[0], 2, 11, 20)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))

    assert mirror.trouble is None
    run = view().trials[trials[0].key]
    newest = {point.step: point for point in sorted(history(view(), run, "train/seconds"), key=by_time)}
    assert run.info.run_id == linked
    assert [newest[step].value for step in range(1, 21)] == [1 / 8] * 10 + [2 / 8] * 10
    assert changes(settings) == 0


def test_an_interrupted_sweep_is_killed_and_the_next_run_of_it_finishes_the_same_runs(
    tracking, run, stored, view, trials, settings
):
    with tracking() as mirror:
        run(mirror, trials[0], 1, 1, 10)
        mirror.on_update(Ended(trials[0].key, "stopped"))
    before = view()
    assert [before.trials[trials[0].key].info.status, before.sweeps[SWEEP].info.status] == ["KILLED", "KILLED"]

    with tracking() as mirror:
        run(mirror, trials[0], 2, 11, 20)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))
    after = view()
    assert after.trials[trials[0].key].info.run_id == before.trials[trials[0].key].info.run_id
    assert [after.trials[trials[0].key].info.status, after.sweeps[SWEEP].info.status] == ["FINISHED", "FINISHED"]
    assert changes(settings) == 0


def test_runs_that_a_killed_driver_left_running_are_ended_by_the_next_run(tracking, run, stored, view, trials):
    for trial in trials:
        stored.join(trial, "other")
        stored.measure(trial, lines(1, 1, 3))
    stored.finish(trials[1])
    with tracking() as mirror:
        run(mirror, trials[0], 2, 4, 5)
        client = view().client
    experiment = client.get_experiment_by_name("combo").experiment_id
    parent = view().sweeps["other"].info.run_id
    client.update_run(parent, status="RUNNING")
    for trial in trials[1:]:
        client.create_run(experiment, tags={"combo.trial_key": trial.key, "mlflow.parentRunId": parent})
    with tracking():
        pass

    seen = view()
    assert [seen.trials[trial.key].info.status for trial in trials[1:]] == ["FINISHED", "KILLED"]
    assert [seen.sweeps[name].info.status for name in ("other", SWEEP)] == ["KILLED", "KILLED"]


def test_a_sweep_whose_driver_died_before_any_trial_was_told_is_killed_and_not_finished(settings, trials, view):
    dead = LiveSweep(settings, "combo", SWEEP, trials, [], threading.Event())
    dead.deliver()
    assert (view().sweeps[SWEEP].info.status, view().trials) == ("RUNNING", {})

    with Tracker(settings, "combo", "other", [], []):
        pass
    assert view().sweeps[SWEEP].info.status == "KILLED"


def test_a_trial_of_two_sweeps_is_below_the_one_that_asked_first(tracking, run, stored, view, trials):
    stored.join(trials[0], "earlier")
    with tracking() as mirror:
        run(mirror, trials[0], 1, 1, 20)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))

    seen = view()
    child = seen.trials[trials[0].key]
    assert child.data.tags["mlflow.parentRunId"] == seen.sweeps["earlier"].info.run_id
    assert child.data.tags["combo.sweeps"] == f"earlier, {SWEEP}"


def test_trials_that_finished_before_are_made_up_for(settings, stored, view, trials):
    stored.measure(trials[0], lines(1, 1, 20))
    stored.finish(trials[0])
    with Tracker(settings, "combo", SWEEP, [], trials[:1]):
        pass

    assert view().trials[trials[0].key].info.status == "FINISHED"
    assert changes(settings) == 0


def test_a_sweep_that_nobody_joined_yet_is_no_trouble_and_begins_with_its_first_trial(
    settings, run, stored, view, trials
):
    with Tracker(settings, "combo", SWEEP, [], []) as mirror:
        pass
    assert mirror.trouble is None

    with Tracker(settings, "combo", SWEEP, [], []) as mirror:
        run(mirror, trials[0], 1, 1, 20)
        mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))
    assert mirror.trouble is None
    assert view().sweeps[SWEEP].info.status == "FINISHED"
    assert changes(settings) == 0
