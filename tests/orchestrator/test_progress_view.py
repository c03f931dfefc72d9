import io
import time

import pytest
from combo_command import TINY
from rich.console import Console

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.presets import resolve_preset
from experiments.records import FailureRecord, MetricLine
from experiments.trial import Trial
from orchestrator.monitoring.sweep_progress import GROUP_START_SECONDS, SweepProgress
from orchestrator.sweep.progress import SweepView, _clock
from orchestrator.sweep.reminder import telling
from orchestrator.trial.updates import Ended, Failed, Measured, Started
from tests.monitoring.sweep_updates import finished

WHEN = "2026-11-27T12:00:00+00:00"


@pytest.fixture
def trials():
    return expand(load_experiment(str(TINY)))


def _view(trials, terminal, width=140, name="tiny"):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None)
    return console, SweepView(console, name, trials, finished=1)


def _step(trial, step, seconds=2.0):
    return Measured(trial.key, MetricLine(kind="step", attempt=1, step=step, time=0, values={"seconds": seconds}))


def _evaluation(trial, step, m_j):
    return Measured(trial.key, MetricLine(kind="evaluation", attempt=1, step=step, time=0, values={"m_j": m_j}))


def test_without_a_terminal_every_change_is_a_line(trials):
    console, view = _view(trials, terminal=False)
    failure = FailureRecord(attempt=1, kind="DataError", message="a [/broken] picture", time=WHEN)
    lost = FailureRecord(
        attempt=1,
        category="node-lost",
        kind="NodeDiedError",
        message="its machine left",
        time=WHEN,
    )
    with view:
        view.on_update(Started(trials[0], 1, 0))
        view.on_update(_step(trials[0], 3))
        view.on_update(_evaluation(trials[0], 3, 0.25))
        view.on_update(Started(trials[1], 2, 4))
        view.on_update(Failed(trials[1].key, failure, again=False))
        view.on_update(Failed(trials[2].key, lost, again=True))
        view.on_update(Ended(trials[0].key, "stopped"))

    assert console.file.getvalue().splitlines() == [
        "[00:00] lambda-0 s4 seed 0: started",
        "[00:00] lambda-0 s4 seed 0: step 3/6, val M_J 25.0, the sweep has about 00:30 left",
        "[00:00] lambda-10 s4 seed 0: started, continuing from step 4",
        "[00:00] lambda-10 s4 seed 0: failed: DataError: a [/broken] picture",
        "[00:00] lambda-20 s4 seed 0: failed: NodeDiedError: its machine left; it gets another attempt",
        "[00:00] lambda-0 s4 seed 0: stopped",
    ]


def _reminded(monkeypatch, trials, seconds, *updates):
    """What is said between the last update and the end, with clocks that run a hundred times as fast."""
    monkeypatch.setattr("orchestrator.sweep.reminder.LOOK_SECONDS", 0.005)
    monkeypatch.setattr("orchestrator.sweep.progress.WAITING_SECONDS", 0.1)
    monkeypatch.setattr("orchestrator.sweep.progress.TRAINING_SECONDS", 0.6)
    console, view = _view(trials, terminal=False)
    with view:
        for update in updates:
            view.on_update(update)
        before = len(console.file.getvalue())
        time.sleep(seconds)
    return [line.partition("] ")[2] for line in console.file.getvalue()[before:].splitlines()]


def test_without_a_terminal_nobody_waits_long_for_a_word(trials, monkeypatch):
    waiting = _reminded(monkeypatch, trials, 0.35)
    begun = _reminded(monkeypatch, trials, 0.35, Started(trials[0], 1, 0))

    assert set(waiting) == {f"waiting for a trial to begin: {len(trials)} are to run"}
    assert len(waiting) >= 2
    assert begun[0] == "waiting for the first step: a trial that begins imports PyTorch and reads its data"


def test_while_trials_train_reminders_are_rare_and_say_how_far_they_are(trials, monkeypatch):
    said = _reminded(monkeypatch, trials, 0.9, Started(trials[0], 1, 0), _step(trials[0], 3))

    assert [line.partition(",")[0] for line in said] == ["lambda-0 s4 seed 0 at step 3/6"]
    assert "the sweep has about" in said[0]


def test_what_takes_long_before_a_sweep_is_said_where_no_spinner_turns(monkeypatch):
    monkeypatch.setattr("orchestrator.sweep.reminder.LOOK_SECONDS", 0.005)
    monkeypatch.setattr("orchestrator.sweep.reminder.WAITING_SECONDS", 0.1)
    console = Console(file=io.StringIO(), force_terminal=False)
    with telling("starting Ray", console):
        time.sleep(0.3)
    said = console.file.getvalue().splitlines()

    assert set(said) == {"starting Ray, for 0 s now"}
    assert len(said) >= 2


def test_a_trial_that_a_search_proposed_meanwhile_is_shown_too(trials):
    console, view = _view(trials[:1], terminal=False)
    view.on_update(Started(trials[1], 1, 0))

    assert console.file.getvalue() == "[00:00] lambda-10 s4 seed 0: started\n"


def test_a_terminal_shows_every_trial_its_steps_the_best_score_and_the_time_left(trials):
    console, view = _view(trials, terminal=True)
    with view:
        view.on_update(Started(trials[0], 1, 0))
        view.on_update(_step(trials[0], 3))
        view.on_update(_evaluation(trials[0], 3, 0.25))
        view._live.refresh()

    shown = console.file.getvalue()
    for trial in trials:
        assert trial.label in shown
    assert "tiny: 1/4 trials finished" in shown
    assert "best val M_J 25.0" in shown
    assert "elapsed, about 00:30 left" in shown
    assert "3/6" in shown


def test_80_columns_hold_the_headline_in_two_lines_and_each_trial_in_one(trials):
    console, view = _view(trials, terminal=True, width=80, name="combo-table7-demo-2ad64672")
    view.on_update(Started(trials[0], 1, 0))
    view.on_update(_evaluation(trials[0], 3, 0.25))
    view.on_update(_step(trials[0], 3))
    lost = FailureRecord(attempt=1, kind="NodeDiedError", message="the machine left on which it ran", time=WHEN)
    view.on_update(Failed(trials[1].key, lost, again=False))
    view.on_update(finished(trials[2], m_j=0.615))
    with console.capture() as capture:
        console.print(view._render())
    first, second, _, *rows = capture.get().splitlines()

    assert first.rstrip() == "combo-table7-demo-2ad64672: 2/4 trials finished"
    assert second.rstrip() == "best val M_J 25.0 · 00:00 elapsed, about 00:06 left"
    assert [row[:18] for row in rows] == [f"{trial.label:18}"[:18] for trial in trials]
    assert rows[2].rstrip().endswith("test M_J 61.5  M_F 50.0")


def test_the_start_of_a_group_of_workers_is_part_of_the_time_left():
    now = 0.0
    first, second, group = expand(load_experiment(str(TINY), "group"))
    progress = SweepProgress([first, second, group], lambda: now)
    for trial in (first, second):
        progress.take(Started(trial, 1, 0))
        progress.take(_step(trial, 6, seconds=1.0))
        progress.take(Ended(trial.key, "stopped"))

    assert progress.seconds_left() == GROUP_START_SECONDS + 6
    now = 10.0
    assert progress.seconds_left() == GROUP_START_SECONDS + 6 - 10
    progress.take(Started(group, 1, 0))
    assert progress.seconds_left() == 6


def test_validations_count_as_time_that_steps_take(trials):
    now = 0.0
    progress = SweepProgress(trials[:1], lambda: now)
    progress.take(Started(trials[0], 1, 0))
    now = 9.0
    progress.take(_step(trials[0], 3, seconds=1.0))

    assert progress.seconds_left() == 3 * 3.0


@pytest.mark.parametrize(("seconds", "shown"), [(0, "00:00"), (59.6, "01:00"), (754, "12:34"), (3723, "1:02:03")])
def test_clock(seconds, shown):
    assert _clock(seconds) == shown


def test_clock_keeps_days():
    assert _clock(90_000) == "1 day, 1:00:00"


def test_stopped_trials_of_several_models_are_counted_with_steps_of_their_own(trials):
    of_models = [_of_model(trials[0], name) for name in ("avsbench", "bigen")]
    several = [trials[0], *of_models]
    console, view = _view(several, terminal=False)
    for trial in several:
        view.on_update(Started(trial, 1, 0))
        view.on_update(_evaluation(trial, 3, 0.5))
        view.on_update(Ended(trial.key, "stopped"))

    assert [line.partition("] ")[2] for line in console.file.getvalue().splitlines()] == [
        line
        for trial, steps in zip(several, ("3/6", "3/300", "3/300"), strict=True)
        for line in (
            f"{trial.label}: started",
            f"{trial.label}: step {steps}, val M_J 50.0",
            f"{trial.label}: stopped",
        )
    ]
    terminal, shown = _view(several, terminal=True)
    for trial in several:
        shown.on_update(Started(trial, 1, 0))
        shown.on_update(Ended(trial.key, "stopped"))
    terminal.print(shown._render())
    assert terminal.file.getvalue().count("stopped") >= len(several)


def _of_model(trial, name):
    config = resolve_preset(f"{name}_demo", "s4")
    return Trial(trial.experiment, name, "s4", 0, 1, config)
