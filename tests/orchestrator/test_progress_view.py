import io

import pytest
from combo_command import TINY
from rich.console import Console

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.presets import resolve_preset
from experiments.records import FailureRecord, MetricLine
from experiments.trial import Trial
from orchestrator.sweep.progress import SweepView, _clock
from orchestrator.trial.updates import Ended, Failed, Measured, Started

WHEN = "2026-11-27T12:00:00+00:00"


@pytest.fixture
def trials():
    return expand(load_experiment(str(TINY)))


def _view(trials, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=140, color_system=None)
    return console, SweepView(console, "tiny", trials, finished=1)


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
        "[00:00] lambda-0 s4 seed 0: step 3/6, val M_J 25.0, about 00:30 left",
        "[00:00] lambda-10 s4 seed 0: started, continuing from step 4",
        "[00:00] lambda-10 s4 seed 0: failed: DataError: a [/broken] picture",
        "[00:00] lambda-20 s4 seed 0: failed: NodeDiedError: its machine left; it gets another attempt",
        "[00:00] lambda-0 s4 seed 0: stopped",
    ]


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
    assert "about 00:30 left" in shown
    assert "3/6" in shown


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
