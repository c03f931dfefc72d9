"""The state of a search: how many points are in which state, and the best of them, as text, table and JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from experiments.search_schema import Objective
from orchestrator.search.points import State, TriedPoint
from orchestrator.search.study import SearchStudy

if TYPE_CHECKING:
    from rich.table import Table

SHOWN: dict[Objective, tuple[str, Callable[[float], str]]] = {
    "m_j": ("M_J", lambda value: f"{100 * value:.1f}"),
    "m_f": ("M_F", lambda value: f"{100 * value:.1f}"),
    "parameters": ("parameters", lambda value: f"{value / 1e6:.2f} M"),
    "trainable_parameters": ("trainable", lambda value: f"{value / 1e6:.2f} M"),
    "seconds_per_clip": ("ms per clip", lambda value: f"{1000 * value:.1f}"),
}
"""How tables head and show each objective."""


def count(study: SearchStudy, state: State) -> int:
    """Points in a state."""
    return sum(tried.outcome.state == state for tried in study.points)


def headline(study: SearchStudy) -> str:
    """One sentence, such as `search-lambda_ada: 12 of 24 points, 5 finished, 6 pruned, 1 running`."""
    counts = [f"{number} {state}" for state in get_args(State) if (number := count(study, state))]
    return ", ".join([f"{study.search.sweep}: {len(study.points)} of {study.search.trials} points", *counts])


def as_document(study: SearchStudy) -> dict[str, Any]:
    """All points and the keys of the best ones, ready for JSON; scores in [0, 1]."""
    return {
        "search": study.search.sweep,
        "objectives": study.search.search.objectives,
        "wanted": study.search.trials,
        "complete": study.complete and not count(study, "running"),
        "best": [tried.trial.key for tried in study.best()],
        "points": [_as_entry(study, tried) for tried in study.points],
    }


def best_table(study: SearchStudy) -> Table:
    """The best point, or the Pareto front, as a rich table; validation scores in percent."""
    from rich.table import Table
    from rich.text import Text

    objectives, space = study.search.search.objectives, study.search.space
    title = "best point" if len(objectives) == 1 else "Pareto front"
    headings = [f"validation {SHOWN[name][0]}" if name.startswith("m_") else SHOWN[name][0] for name in objectives]
    table = Table(
        "trial key", *study.search.axis_names.values(), *headings, box=None, title=title, title_justify="left"
    )
    for tried in study.best():
        values = zip(objectives, tried.outcome.values, strict=True)
        shown = [SHOWN[objective][1](value) for objective, value in values]
        table.add_row(tried.trial.key, *(Text(str(tried.point[key])) for key in space), *shown)
    return table


def _as_entry(study: SearchStudy, tried: TriedPoint) -> dict[str, Any]:
    outcome = tried.outcome
    values = dict(zip(study.search.search.objectives, outcome.values, strict=False))
    return {
        "key": tried.trial.key,
        "point": dict(tried.point),
        "state": outcome.state,
        "values": values or None,
        "reason": outcome.reason,
    }
