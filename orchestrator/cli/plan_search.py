"""What a search would do and cost, for `combo plan`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.json_output import print_json

if TYPE_CHECKING:
    from orchestrator.planning.cost import Costs, Span
    from orchestrator.search.study import SearchStudy


def plan_search(study: SearchStudy, costs: Costs, as_json: bool) -> Span | None:
    """Prints how far a search is and what is left; returns its worker-hours, None when nothing is known of them.

    The hours are those of all points that have no score yet, as if none were stopped early.
    """
    from orchestrator.planning.cost import worker_time
    from orchestrator.search.search_state import as_document, headline

    left = _hours_left(study, costs)
    if as_json:
        print_json({**as_document(study), "gpu_hours_left": left and asdict(left)})
        return left
    typer.echo(headline(study))
    if left is None:
        typer.echo("of its trials' cost nothing is known")
    else:
        early = ", less what early stopping saves" if study.search.search.early_stopping else ""
        typer.echo(f"left: {worker_time(left)} of worker time{early}")
    return left


def _hours_left(study: SearchStudy, costs: Costs) -> Span | None:
    estimates = [costs.estimate(trial, steps_done=0) for trial in study.probes()]
    if not estimates or estimates[0] is None:
        return None
    scored = sum(tried.outcome.state != "running" for tried in study.points)
    return estimates[0].worker_hours.scaled(max(0, study.search.trials - scored))
