"""`combo plan`: what a run would do and cost. Starts nothing, writes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.errors import InputError, Problem
from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, read_experiments
from orchestrator.cli.caller import caller
from orchestrator.cli.chosen_targets import find_targets, names_search
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.run_config import MOST

if TYPE_CHECKING:
    from rich.console import Console

    from model.config import Task
    from orchestrator.planning.cost import Span
    from orchestrator.planning.cost_forecast import CostForecast, TrialForecast

FEW = 10
"""Cells per hour below which their fractions matter."""


def plan(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT...] [KEY=VALUE...]",
            help="Experiments by name or YAML file, and settings laid over them.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All experiments that ship, or of your paper in its folder.")
    ] = False,
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
    as_json: JsonOption = False,
) -> None:
    """Print what a run of experiments would do, share and cost, in the order in which it would do it.

    Times are measured where trials of the same work are finished, otherwise as their preset states them. A worker
    counts as one GPU.
    """
    from rich.console import Console

    from experiments.named_targets import experiment_of_table
    from experiments.papers import papers_asked
    from experiments.replaced_settings import replaced_settings
    from experiments.target_files import experiment_names
    from orchestrator.cli.outdated import rescore_commands, told_outdated
    from orchestrator.cli.plan_search import plan_search
    from orchestrator.cli.sweep_table import TABLE_WIDTH
    from orchestrator.planning.cost import costs_from
    from orchestrator.planning.cost_forecast import forecast_cost, most_cells_first
    from orchestrator.planning.division import refuse_divided, refuse_uneven
    from orchestrator.planning.outdated_scores import outdated
    from orchestrator.planning.plan import make_plan, trials_where_data_are
    from orchestrator.planning.sweep_names import sweep_name
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store

    settings = resolve_settings(storage, data)
    store = Store(settings.storage)
    if names_search(words or []):
        scaled = find_targets(words or [], scale, settings, store).search
        assert scaled is not None
        _refuse_past(max_gpu_hours, plan_search(scaled, costs_from(store), as_json))
        return
    store.refresh()
    named = [
        *(experiment_names(papers_asked()) if everything else []),
        *([experiment_of_table(table)] if table else []),
    ]
    experiments = read_experiments(list(dict.fromkeys([*named, *(words or [])])), scale)
    trials, unusable = trials_where_data_are(experiments, settings.data, workers)
    made = make_plan(sweep_name(experiments, trials), trials, store)
    refuse_uneven(made.to_run)
    refuse_divided(made.to_run)
    forecast = forecast_cost(experiments, trials, made, costs_from(store), store)
    shown = most_cells_first(forecast) if table else forecast.per_trial
    stale = outdated(made, store)
    again = rescore_commands(stale, experiments, caller(context, storage, data))
    remarks = [
        *(_not_recognised(task, proposer, reason) for (task, proposer), reason in unusable.items()),
        *(told for one in experiments for told in replaced_settings(one)),
    ]
    if as_json:
        rescoring = {"to_rescore": [trial.key for trial in stale], "rescore": again}
        print_json({**_document(forecast, shown), **rescoring, "remarks": remarks})
    else:
        console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH))
        _show(console, forecast, shown, price)
        for line in (*remarks, *told_outdated(stale, again)):
            say(line, console, "yellow")
    _refuse_past(max_gpu_hours, forecast.left)


def _not_recognised(task: Task, proposer: str | None, reason: str) -> str:
    maskiges = f" with Maskiges of {proposer}" if proposer else ""
    return f"finished {task.upper()} trials{maskiges} are not recognised: {reason}"


def _refuse_past(max_gpu_hours: float | None, left: Span | None) -> None:
    if max_gpu_hours is not None and left is not None and left.likely > max_gpu_hours:
        what = f"the plan is likely to take {left.likely:,.4g} worker-hours"
        raise InputError(Problem(f"--max-gpu-hours {max_gpu_hours:g}", what, "plan fewer trials, or allow more"))


def _show(console: Console, forecast: CostForecast, shown: tuple[TrialForecast, ...], price: float | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from experiments.durations import duration
    from orchestrator.planning.cost import SECONDS_PER_HOUR, worker_time
    from orchestrator.trial.trial_state import REFUSED, TrialState

    table = Table("trial key", "trial", "state", "time is", box=None)
    for heading in ("worker time", "cells", "cells per hour"):
        table.add_column(heading, justify="right")
    for one in shown:
        trial, estimate = one.entry.trial, one.estimate
        label = f"{trial.experiment} {trial.label}" + (f", after {trial.parent.key}" if trial.parent else "")
        numbers = ("", "")
        if estimate:
            numbers = duration(SECONDS_PER_HOUR * estimate.worker_hours.likely), _rate(one.cells_per_hour)
        basis = estimate.basis if estimate else ""
        table.add_row(trial.key, Text(label), one.entry.state, basis, numbers[0], str(one.cells), numbers[1])
    console.print(table)
    for entry in (one.entry for one in shown):
        if entry.state in REFUSED:
            say(f"{entry.state}: {entry.trial.label}: {entry.reason}", console, "red")
    different, states = len(forecast.per_trial), [one.entry.state for one in forecast.per_trial]
    console.print(
        f"\n{forecast.cells} cells need {forecast.trials} trials, {different} of them different"
        + (f": sharing saves {worker_time(forecast.shared_hours)}" if different < forecast.trials else "")
    )
    console.print(", ".join(f"{states.count(state)} {state}" for state in TrialState if state in states))
    left = worker_time(forecast.left)
    console.print(f"left: {left} of worker time; where there are GPUs, each worker has one", style="bold")
    if price is not None:
        cost = forecast.left.scaled(price)
        console.print(f"cost: {cost.likely:,.2f} ({cost.low:,.2f} to {cost.high:,.2f})", style="bold")
    if forecast.memory_gib is not None:
        console.print(f"memory: up to {forecast.memory_gib:g} GiB per worker, as stated")
    if forecast.unknown:
        console.print(f"of {forecast.unknown} trials nothing is known, they are not counted", style="yellow")


def _rate(per_hour: float) -> str:
    return f"{per_hour:,.0f}" if per_hour >= FEW else f"{per_hour:.2g}"


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
