"""The live view of a sweep: a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from experiments.trial import Trial
from orchestrator.trial.trial_state import STYLES, WITHOUT_RESULT, TrialState
from orchestrator.trial.updates import Awaited, Ended, Failed, Finished, Measured, Started, Update

SMOOTHING = 0.1
"""Weight of the newest step in the running mean of step times."""
DONE = (TrialState.FINISHED, *WITHOUT_RESULT)
"""States in which no step of a trial is left to this run."""


@dataclass
class _Watched:
    """What the view knows of a trial."""

    trial: Trial
    state: TrialState = TrialState.WAITING
    step: int = 0
    step_seconds: float | None = None
    best: float | None = None
    note: str = ""

    @property
    def total(self) -> int:
        return self.trial.config.training.iterations

    @property
    def left(self) -> int:
        return 0 if self.state in DONE else self.total - self.step


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
        self._watched = {trial.key: _Watched(trial) for trial in trials}
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
        if isinstance(update, Started):
            self._watched.setdefault(update.key, _Watched(update.trial))
        watched = self._watched.get(update.key)
        if watched is None:
            return  # a search suggested it, and it ended before it began
        match update:
            case Started():
                watched.state, watched.step = TrialState.RUNNING, update.step
                resumed = f", continuing from step {update.step}" if update.step else ""
                self._say(watched, f"started{resumed}")
            case Measured() if update.line.kind == "step":
                watched.step = update.line.step
                seconds, before = update.line.values["seconds"], watched.step_seconds
                watched.step_seconds = seconds if before is None else before + SMOOTHING * (seconds - before)
            case Measured() if update.line.kind == "evaluation":
                m_j = update.line.values["m_j"]
                watched.best = max(m_j, watched.best or 0.0)
                self._say(watched, f"step {update.line.step}/{watched.total}, val M_J {100 * m_j:.1f}{self._eta()}")
            case Finished():
                watched.state, watched.step = TrialState.FINISHED, watched.total
                score = update.result.score
                watched.note = f"test M_J {100 * score.m_j:.1f}  M_F {100 * score.m_f:.1f}"
                if unusable := sum(map(len, update.result.quarantined.values())):
                    watched.note += f"  ({unusable} clips quarantined)"
                self._say(watched, f"finished: {watched.note}")
            case Failed():
                watched.state = TrialState.WAITING if update.again else TrialState.FAILED
                what = "preempted" if update.failure.category == "preempted" else f"failed: {update.failure.kind}"
                watched.note = f"{what}: {update.failure.message}"
                self._say(watched, watched.note + ("; it gets another attempt" if update.again else ""))
            case Awaited():
                watched.note = f"another run has it: {update.where}"
                self._say(watched, watched.note)
            case Ended():
                watched.state = TrialState(update.ending)
                self._say(watched, update.ending)

    def seconds_left(self) -> float | None:
        """Estimate for the whole sweep, from the trials that run now; None before the first steps."""
        known = [watched.step_seconds for watched in self._watched.values() if watched.step_seconds is not None]
        if not known:
            return None
        usual = sum(known) / len(known)
        work = sum(watched.left * (watched.step_seconds or usual) for watched in self._watched.values())
        running = sum(watched.state == TrialState.RUNNING for watched in self._watched.values())
        longest = max((w.left * (w.step_seconds or usual) for w in self._watched.values()), default=0.0)
        return max(work / max(running, 1), longest)

    def _eta(self) -> str:
        left = self.seconds_left()
        return "" if left is None else f", about {_clock(left)} left"

    def _say(self, watched: _Watched, message: str) -> None:
        """Prints a change as a line where there is no terminal for a table."""
        if not self._console.is_terminal:
            elapsed = _clock(time.monotonic() - self._began)
            self._console.print(f"[{elapsed}] {watched.trial.label}: {message}", markup=False, highlight=False)

    def _render(self) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("trial", "", "steps", "best val M_J", ""):
            table.add_column(column, justify="right" if column in ("steps", "best val M_J") else "left")
        for watched in self._watched.values():
            table.add_row(
                Text(watched.trial.label, style=STYLES[watched.state]),
                ProgressBar(total=watched.total, completed=watched.step, width=28),
                f"{watched.step}/{watched.total}",
                "" if watched.best is None else f"{100 * watched.best:.1f}",
                Text(watched.note or watched.state, style=STYLES[watched.state], overflow="ellipsis", no_wrap=True),
            )
        done = self._before + sum(watched.state == TrialState.FINISHED for watched in self._watched.values())
        best = max((w.best for w in self._watched.values() if w.best is not None), default=None)
        summary = [f"{self._name}: {done}/{self._before + len(self._watched)} trials finished"]
        summary += [f"best val M_J {100 * best:.1f}"] if best is not None else []
        summary += [f"{_clock(time.monotonic() - self._began)} elapsed{self._eta()}"]
        return Group(Text(" · ".join(summary), style="bold"), table)


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))).removeprefix("0:")
