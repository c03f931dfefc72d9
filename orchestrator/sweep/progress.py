"""The live view of a sweep: a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from experiments.trial import Trial
from orchestrator.monitoring.sweep_progress import SweepProgress, TrialProgress
from orchestrator.trial.trial_state import STYLES, TrialState
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Measured, Started, Update


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
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> SweepView:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        progress = self._progress.take(update)
        if progress is None:
            return
        match update:
            case Started():
                self._say(progress, f"started{f', continuing from step {update.step}' if update.step else ''}")
            case Measured() if update.line.kind == "evaluation":
                m_j = update.line.values["m_j"]
                self._say(progress, f"step {update.line.step}/{progress.total}, val M_J {100 * m_j:.1f}{self._eta()}")
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

    def _eta(self) -> str:
        left = self._progress.seconds_left()
        return "" if left is None else f", about {_clock(left)} left"

    def _say(self, progress: TrialProgress, message: str) -> None:
        """Prints a change as a line where there is no terminal for a table."""
        if not self._console.is_terminal:
            elapsed = _clock(time.monotonic() - self._began)
            self._console.print(f"[{elapsed}] {progress.trial.label}: {message}", markup=False, highlight=False)

    def _render(self) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("trial", "", "steps", "best val M_J", ""):
            table.add_column(column, justify="right" if column in ("steps", "best val M_J") else "left")
        for key, progress in self._progress.trials.items():
            style = STYLES[progress.state]
            table.add_row(
                Text(progress.trial.label, style=style),
                ProgressBar(total=progress.total, completed=progress.step, width=28),
                f"{progress.step}/{progress.total}",
                "" if progress.best is None else f"{100 * progress.best:.1f}",
                Text(self._notes.get(key, progress.state), style=style, overflow="ellipsis", no_wrap=True),
            )
        done = self._before + self._progress.count(TrialState.FINISHED)
        scores = [progress.best for progress in self._progress.trials.values() if progress.best is not None]
        summary = [f"{self._name}: {done}/{self._before + len(self._progress.trials)} trials finished"]
        summary += [f"best val M_J {100 * max(scores):.1f}"] if scores else []
        summary += [f"{_clock(time.monotonic() - self._began)} elapsed{self._eta()}"]
        return Group(Text(" · ".join(summary), style="bold"), table)


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))).removeprefix("0:")
