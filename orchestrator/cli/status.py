"""`combo status` and `combo watch`: what is finished, what runs, what can continue, what failed and why. Reads only."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, TargetWords
from orchestrator.cli.chosen_targets import find_targets, print_search_state
from orchestrator.cli.exit_codes import INPUT_ERROR
from orchestrator.cli.plain_text import say
from orchestrator.run_config import MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from experiments.errors import Problem
    from orchestrator.jobs.client import JobState
    from orchestrator.planning.plan import Plan
    from orchestrator.search.study import SearchStudy
    from orchestrator.store.store import Store


def status(
    words: TargetWords,
    scale: ScaleOption = "full",
    storage: StorageOption = None,
    data: DataOption = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="URL",
            envvar="RAY_API_SERVER_ADDRESS",
            help="Of a cluster's dashboard: shows jobs of the experiments too that wait, run, or failed last.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Print the state of every trial of experiments, or of single trials."""
    import json

    from rich.console import Console

    from orchestrator.cli.sweep_table import TABLE_WIDTH, sweep_document, sweep_remarks, sweep_summary, sweep_table

    look, store, problems = _observer(words, scale, storage, data)
    plan, search = look()
    jobs, trouble = _jobs_of_interest(words, scale, address) if address and plan.name else ([], "")
    if as_json:
        document = sweep_document(plan, search, store)
        typer.echo(json.dumps(document | {"jobs": [asdict(job) for job in jobs]} if address else document, indent=1))
    else:
        console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH))
        console.print(sweep_table(plan, store))
        for remark in sweep_remarks(plan, store):
            say(remark, console, "yellow")
        console.print(sweep_summary(plan), style="bold", markup=False)
        if search is not None:
            print_search_state(search, console)
        for job in jobs:
            say(job.sentence, console, "red" if job.status == "FAILED" else "")
        if trouble:
            say(f"jobs are not known: {trouble}", console, "yellow")
    if problems:
        raise typer.Exit(INPUT_ERROR)


def watch(
    words: TargetWords,
    scale: ScaleOption = "full",
    every: Annotated[float, typer.Option(min=0.2, max=MOST, help="Seconds between two looks.")] = 2.0,
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Show the state of trials as it changes, from any machine that reaches the storage, until nothing is left to run.

    Ctrl-C ends the view, never the trials.
    """
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    from orchestrator.cli.sweep_table import sweep_summary, sweep_table

    look, store, _ = _observer(words, scale, storage, data)
    console = Console(highlight=False)
    told = ""
    with Live(console=console, auto_refresh=False) as live:
        while True:
            plan, search = look()
            summary = sweep_summary(plan)
            if console.is_terminal:
                live.update(Group(sweep_table(plan, store), Text(summary, style="bold")), refresh=True)
            elif summary != told:
                console.print(summary, markup=False)
            told = summary
            if not plan.to_run and (search is None or search.complete):
                return
            time.sleep(every)


def _jobs_of_interest(words: list[str], scale: str, address: str) -> tuple[list[JobState], str]:
    """Jobs that wait or run, and the last one if it failed; or why jobs cannot be listed."""
    from experiments.errors import InputError
    from orchestrator.cli.unbound_targets import read_unbound_targets
    from orchestrator.jobs.client import GOING, JobServer

    targets = read_unbound_targets(words, scale)
    try:
        jobs = JobServer(address).jobs(targets.content_part)
    except (InputError, OSError) as error:
        return [], str(error)
    last_failed = [job for job in jobs[:1] if job.status == "FAILED"]
    return [*last_failed, *(job for job in jobs if job.status in GOING)], ""


def _observer(
    words: list[str], scale: str, storage: str | None, data: Path | None
) -> tuple[Callable[[], tuple[Plan, SearchStudy | None]], Store, Sequence[Problem]]:
    """A function that reads the present state of the targets, the store, and problems of single trials."""
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from orchestrator.trial.leases import LeaseWatch

    settings = resolve_settings(storage, data)
    store = Store(settings.storage)
    store.refresh()
    # Once, as it reads the data's fingerprint, which takes a while on a large set.
    targets = find_targets(words, scale, settings, store)
    watched = LeaseWatch(settings.storage)

    def look() -> tuple[Plan, SearchStudy | None]:
        store.refresh()
        now = targets.again(store)
        return now.plan(store, watched), now.search

    return look, store, targets.problems
