"""The state of a sweep's trials as a table and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.planning.plan import Plan, PlannedTrial
from orchestrator.store.store import Store
from orchestrator.trial.trial_state import STYLES, TrialState

if TYPE_CHECKING:
    from orchestrator.search.study import SearchStudy

BAR_WIDTH = 20
TABLE_WIDTH = 120
"""Columns that tables of trials get: wider than the terminal rather than folded, so that rows stay lines."""
COLUMNS = {
    "trial key": False,
    "trial": True,
    "state": True,
    "attempts": False,
    "": False,
    "steps": True,
    "best val M_J": True,
    "M_J": True,
    "M_F": True,
}
"""Headings, and whether they stay where the terminal is narrow."""


def sweep_table(plan: Plan, store: Store, width: int = TABLE_WIDTH) -> Table:
    """One row for each trial: state, how far, scores; in few columns without key, attempts and bar."""
    is_wide = width >= TABLE_WIDTH
    table = Table(box=None)
    for heading, is_kept in COLUMNS.items():
        if is_kept or is_wide:
            table.add_column(heading, no_wrap=True)
    for entry in plan.entries:
        folder, total = store.trial(entry.trial.key), entry.trial.config.training.iterations
        result = folder.result if entry.state == TrialState.FINISHED else None
        last, done = folder.last_attempt, _steps(entry, store)
        best = result.validation.m_j if result else last.best if last else None
        cells: tuple[RenderableType, ...] = (
            entry.trial.key,
            Text(entry.trial.label),
            Text(entry.state, STYLES[entry.state]),
            str(entry.attempts),
            ProgressBar(total=total, completed=done, width=BAR_WIDTH),
            f"{done}/{total}",
            "" if best is None else f"{100 * best:.1f}",
            f"{100 * result.score.m_j:.1f}" if result else "",
            f"{100 * result.score.m_f:.1f}" if result else "",
        )
        table.add_row(*(cell for cell, is_kept in zip(cells, COLUMNS.values(), strict=True) if is_kept or is_wide))
    return table


def sweep_remarks(plan: Plan, store: Store) -> Iterator[str]:
    """Remarks on single trials: why they failed, where they run, damaged files."""
    for entry in plan.entries:
        if entry.reason:
            yield f"{entry.state}: {entry.trial.label}: {entry.reason}"
        folder = store.trial(entry.trial.key)
        yield from map(str, (*folder.damaged_attempts(), *folder.torn_metrics()))


def sweep_summary(plan: Plan) -> str:
    """How many trials are in which state, in a line."""
    others = [state for state in TrialState if state != "finished" and plan.count(state)]
    counts = "".join(f", {plan.count(state)} {state}" for state in others)
    return f"{plan.name}: {plan.count(TrialState.FINISHED)} of {len(plan.entries)} trials finished{counts}"


def sweep_document(plan: Plan, search: SearchStudy | None, store: Store) -> dict[str, Any]:
    """The state of a sweep as JSON; of a search, its points and the best of them too."""
    if search is not None:
        from orchestrator.search.search_state import as_document

        return {**sweep_document(plan, None, store), "search": as_document(search)}
    return {
        "sweep": plan.name,
        "trials": [
            {
                "key": entry.trial.key,
                "trial": entry.trial.label,
                "state": entry.state,
                "attempts": entry.attempts,
                "step": _steps(entry, store),
                "steps": entry.trial.config.training.iterations,
                "reason": entry.reason,
            }
            for entry in plan.entries
        ],
    }


def _steps(entry: PlannedTrial, store: Store) -> int:
    if entry.state == TrialState.FINISHED:
        return entry.trial.config.training.iterations
    folder = store.trial(entry.trial.key)
    last = folder.last_attempt
    running = last.step if last is not None and entry.state == TrialState.RUNNING else 0
    return max(folder.steps_done, running)
