"""`combo plan`: what a run would do and cost. Starts nothing, writes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.errors import InputError, Problem
from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, read_experiments
from orchestrator.cli.chosen_targets import find_targets, names_search
from orchestrator.cli.plain_text import say
from orchestrator.run_config import MOST

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.planning.cost import Span
    from orchestrator.planning.cost_forecast import CostForecast, TrialForecast


def plan(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT...] [KEY=VALUE...]",
            help="Experiments by name or YAML file, and settings laid over them.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All experiments that ship with the package.")] = False,
    table: Annotated[
        str | None,
        typer.Option(help="A table of a paper, such as combo/3; trials that fill most cells per hour come first."),
    ] = None,
    scale: ScaleOption = "full",
    workers: Annotated[int | None, typer.Option(min=1, max=MOST, help="Data-parallel workers per trial.")] = None,
    max_gpu_hours: Annotated[
        float | None, typer.Option(min=0, max=MOST, help="Refuse the plan when it is likely to take more.")
    ] = None,
    price: Annotated[
        float | None, typer.Option(min=0, max=MOST, help="Price of a GPU-hour; shows what the plan costs.")
    ] = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Print what a run of experiments would do, share and cost, in the order in which it would do it.

    Hours are measured where trials of the same work are finished, otherwise as their preset states them. A worker
    counts as one GPU.
    """
    from rich.console import Console

    from experiments.table_names import experiment_of_table
    from experiments.target_files import experiment_names
    from orchestrator.cli.plan_search import plan_search
    from orchestrator.cli.sweep_table import TABLE_WIDTH
    from orchestrator.planning.cost import Costs
    from orchestrator.planning.cost_forecast import forecast_cost, most_cells_first
    from orchestrator.planning.division import refuse_divided, refuse_uneven
    from orchestrator.planning.plan import make_plan, trials_where_data_are
    from orchestrator.planning.sweep_names import sweep_name
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store

    settings = resolve_settings(storage, data)
    store = Store(settings.storage)
    store.refresh()
    if names_search(words or []):
        scaled = find_targets(words or [], scale, settings, store).search
        assert scaled is not None
        _refuse_past(max_gpu_hours, plan_search(scaled, Costs(store.finished()), as_json))
        return
    named = [*(experiment_names() if everything else []), *([experiment_of_table(table)] if table else [])]
    experiments = read_experiments(list(dict.fromkeys([*named, *(words or [])])), scale)
    trials, unusable = trials_where_data_are(experiments, settings.data, workers)
    made = make_plan(sweep_name(experiments, trials), trials, store)
    refuse_uneven(made.to_run)
    refuse_divided(made.to_run)
    forecast = forecast_cost(experiments, trials, made, Costs(store.finished()), store)
    shown = most_cells_first(forecast) if table else forecast.per_trial
    if as_json:
        import json

        typer.echo(json.dumps(_document(forecast, shown), indent=1))
    else:
        console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH))
        _show(console, forecast, shown, price)
        for (task, proposer), reason in unusable.items():
            what = f"finished {task.upper()} trials{f' with Maskiges of {proposer}' if proposer else ''}"
            say(f"{what} are not recognised: {reason}", console, "yellow")
    _refuse_past(max_gpu_hours, forecast.left)


def _refuse_past(max_gpu_hours: float | None, left: Span | None) -> None:
    if max_gpu_hours is not None and left is not None and left.likely > max_gpu_hours:
        what = f"the plan is likely to take {_hours(left)} GPU-hours"
        raise InputError(Problem(f"--max-gpu-hours {max_gpu_hours:g}", what, "plan fewer trials, or allow more"))


def _show(console: Console, forecast: CostForecast, shown: tuple[TrialForecast, ...], price: float | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from orchestrator.trial.trial_state import REFUSED, TrialState

    table = Table("trial key", "trial", "state", "hours are", box=None)
    for heading in ("GPU-hours", "cells", "cells/hour"):
        table.add_column(heading, justify="right")
    for one in shown:
        trial, estimate = one.entry.trial, one.estimate
        label = f"{trial.experiment} {trial.label}" + (f", after {trial.parent.key}" if trial.parent else "")
        numbers = (f"{estimate.worker_hours.likely:.3g}", f"{one.cells_per_hour:.3g}") if estimate else ("", "")
        basis = estimate.basis if estimate else ""
        table.add_row(trial.key, Text(label), one.entry.state, basis, numbers[0], str(one.cells), numbers[1])
    console.print(table)
    for entry in (one.entry for one in shown):
        if entry.state in REFUSED:
            say(f"{entry.state}: {entry.trial.label}: {entry.reason}", console, "red")
    different, states = len(forecast.per_trial), [one.entry.state for one in forecast.per_trial]
    console.print(
        f"\n{forecast.cells} cells need {forecast.trials} trials, {different} of them different: sharing saves "
        f"{forecast.trials - different} trials and {_hours(forecast.shared_hours)} GPU-hours"
    )
    console.print(", ".join(f"{states.count(state)} {state}" for state in TrialState if state in states))
    console.print(f"left: {_hours(forecast.left)} GPU-hours", style="bold")
    if price is not None:
        console.print(f"cost: {_hours(forecast.left.scaled(price))}", style="bold")
    if forecast.memory_gib is not None:
        console.print(f"memory: up to {forecast.memory_gib:g} GiB per worker, as stated")
    if forecast.unknown:
        console.print(f"of {forecast.unknown} trials nothing is known, they are not counted", style="yellow")


def _hours(span: Span) -> str:
    return f"{span.likely:,.4g} ({span.low:,.4g} to {span.high:,.4g})"


def _document(forecast: CostForecast, shown: tuple[TrialForecast, ...]) -> dict[str, Any]:
    return {
        "cells": forecast.cells,
        "trials": forecast.trials,
        "different_trials": len(forecast.per_trial),
        "gpu_hours_left": asdict(forecast.left),
        "gpu_hours_saved_by_sharing": asdict(forecast.shared_hours),
        "memory_gib_per_worker": forecast.memory_gib,
        "trials_of_unknown_cost": forecast.unknown,
        "order": [
            {
                "key": one.entry.trial.key,
                "experiment": one.entry.trial.experiment,
                "trial": one.entry.trial.label,
                "state": one.entry.state,
                "reason": one.entry.reason,
                "starts_from": one.entry.trial.parent.key if one.entry.trial.parent else None,
                "workers": one.entry.trial.workers,
                "gpu_hours": asdict(one.estimate.worker_hours) if one.estimate else None,
                "basis": one.estimate.basis if one.estimate else None,
                "cells": one.cells,
            }
            for one in shown
        ],
    }
