"""The live view of a sweep: a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from experiments.trial import Trial
from orchestrator.monitoring.sweep_progress import DONE, SweepProgress, TrialProgress
from orchestrator.sweep.reminder import TRAINING_SECONDS, WAITING_SECONDS, Reminder
from orchestrator.trial.trial_state import STYLES, TrialState
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Measured, Started, Update

ETA_SECONDS = 1.0
"""For how long an estimate of the time left stands: it is made from all trials."""
MOST_REMINDED = 4
"""Trials that one reminder names."""
BAR, SHORT_BAR, WIDE = 28, 8, 100
"""Columns of a bar, and those of the terminal from which on it is not short."""
AROUND = 4
"""Lines of a terminal that trials do not get."""


class SweepView:
    """A listener that shows trials, progress, best validation score and time left.

    Args:
        console: where to show it.
        name: of the sweep.
        trials: those that run.
        finished: trials that were finished before.
    """

    def __init__(self, console: Console, name: str, trials: Sequence[Trial], finished: int) -> None:
        self._console, self._name, self._before = console, name, finished
        self._progress = SweepProgress(trials)
        self._notes: dict[str, str] = {}
        self._began = time.monotonic()
        self._left: tuple[float, float | None] = (0.0, None)
        """When the time left was last estimated, and the estimate."""
        self._reminder = Reminder(self._remind, self._silence)
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> SweepView:
        if self._console.is_terminal:
            self._live.start()
        else:
            self._reminder.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()
        else:
            self._reminder.__exit__()

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        progress = self._progress.take(update)
        if progress is None:
            return
        match update:
            case Started():
                self._say(progress, f"started{f', continuing from step {update.step}' if update.step else ''}")
            case Measured() if update.line.kind == "evaluation":
                m_j, step = update.line.values["m_j"], update.line.step
                left = self._eta() if step < progress.total else ""
                self._say(progress, f"step {step}/{progress.total}, val M_J {100 * m_j:.1f}{left}")
            case Finished():
                score = update.result.score
                told = f"test M_J {100 * score.m_j:.1f}  M_F {100 * score.m_f:.1f}"
                if unusable := sum(map(len, update.result.quarantined.values())):
                    told += f"  ({unusable} clips quarantined)"
                self._notes[update.key] = told
                self._say(progress, f"finished: {told}")
            case Failed():
                what = "preempted" if update.failure.category == "preempted" else f"failed: {update.failure.kind}"
                told = self._notes[update.key] = f"{what}: {update.failure.message}"
                self._say(progress, told + ("; it gets another attempt" if update.again else ""))
            case Awaited():
                told = self._notes[update.key] = f"another run has it: {update.where}"
                self._say(progress, told)
            case Ended():
                self._say(progress, update.ending)

    def _eta(self, whose: str = "the sweep has ") -> str:
        made, left = self._left
        if left is None or time.monotonic() - made > ETA_SECONDS:
            left = self._progress.seconds_left()
            self._left = time.monotonic(), left
        return "" if left is None else f", {whose}about {_clock(left)} left"

    def _say(self, progress: TrialProgress, message: str) -> None:
        """Prints a change as a line where there is no terminal for a table."""
        if not self._console.is_terminal:
            self._print(f"{progress.trial.label}: {message}")
            self._reminder.said()

    def _print(self, message: str) -> None:
        elapsed = _clock(time.monotonic() - self._began)
        self._console.print(f"[{elapsed}] {message}", markup=False, highlight=False)

    def _training(self) -> list[TrialProgress]:
        """Trials that take steps now."""
        trials = list(self._progress.trials.values())
        return [one for one in trials if one.state == TrialState.RUNNING and one.step_seconds is not None]

    def _silence(self) -> float:
        return TRAINING_SECONDS if self._training() else WAITING_SECONDS

    def _remind(self) -> None:
        """Says how far the sweep is, or what it waits for."""
        if training := self._training():
            steps = ", ".join(f"{one.trial.label} at step {one.step}/{one.total}" for one in training[:MOST_REMINDED])
            more = len(training) - MOST_REMINDED
            self._print(f"{steps}{f' and {more} trials more' if more > 0 else ''}{self._eta()}")
            return
        states = Counter(one.state for one in list(self._progress.trials.values()))
        if states[TrialState.RUNNING]:
            self._print("waiting for the first step: a trial that begins imports PyTorch and reads its data")
        elif states[TrialState.WAITING]:
            waiting = [one for one in self._progress.trials.values() if one.state == TrialState.WAITING]
            groups = " in groups of workers, whose processes start first" * (waiting[0].trial.workers > 1)
            self._print(f"waiting for a trial to begin: {len(waiting)} are to run{groups}")
        else:
            self._print("waiting for Ray to end the processes of the trials")

    def _render(self) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("trial", "", "steps", "best val M_J", ""):
            justify: Literal["left", "right"] = "right" if column in ("steps", "best val M_J") else "left"
            table.add_column(column, justify=justify, no_wrap=bool(column))  # bars and notes give way first
        shown, bar = self._shown(), BAR if self._console.width >= WIDE else SHORT_BAR
        for key, progress in shown.items():
            style = STYLES[progress.state]
            table.add_row(
                Text(progress.trial.label, style=style),
                ProgressBar(total=progress.total, completed=progress.step, width=bar),
                f"{progress.step}/{progress.total}",
                "" if progress.best is None else f"{100 * progress.best:.1f}",
                Text(self._notes.get(key, progress.state), style=style, overflow="ellipsis", no_wrap=True),
            )
        done = self._before + self._progress.count(TrialState.FINISHED)
        scores = [progress.best for progress in self._progress.trials.values() if progress.best is not None]
        summary = [f"{self._name}: {done}/{self._before + len(self._progress.trials)} trials finished"]
        summary += [f"best val M_J {100 * max(scores):.1f}"] if scores else []
        summary += [f"{_clock(time.monotonic() - self._began)} elapsed{self._eta(whose='')}"]
        headline = " · ".join(summary)
        if len(headline) > self._console.width:
            headline = f"{summary[0]}\n{' · '.join(summary[1:])}"
        hidden = len(self._progress.trials) - len(shown)
        below = [Text(f"and {hidden} trials more, for which there is no room here")] if hidden else []
        return Group(Text(headline, style="bold"), table, *below)

    def _shown(self) -> dict[str, TrialProgress]:
        """The trials that have room, in their order: first of all those that run, then those that are still to come."""
        trials, room = self._progress.trials, max(1, self._console.height - AROUND)
        if len(trials) <= room:
            return trials
        first = sorted(trials, key=lambda key: (trials[key].state in DONE, trials[key].state != TrialState.RUNNING))
        chosen = set(first[:room])
        return {key: progress for key, progress in trials.items() if key in chosen}


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))).removeprefix("0:")
