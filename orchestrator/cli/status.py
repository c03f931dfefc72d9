"""`combo status` and `combo watch`: what is finished, what runs, what can continue, what failed and why. Reads only."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.scales import FULL
from orchestrator.cli.arguments import DataOption, OptionalTargetWords, StorageOption, TargetWords
from orchestrator.cli.caller import caller
from orchestrator.cli.chosen_targets import find_targets, print_search_state
from orchestrator.cli.exit_codes import INPUT_ERROR
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.mlflow_link import mlflow_line
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import View, ViewScaleOption, choose_view
from orchestrator.run_config import MOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from experiments.errors import Problem
    from experiments.printed_commands import Caller
    from orchestrator.jobs.client import JobState
    from orchestrator.planning.plan import Plan
    from orchestrator.search.study import SearchStudy
    from orchestrator.store.store import Store


@dataclass(frozen=True)
class Jobs:
    """The jobs of a cluster that matter for what is shown."""

    found: tuple[JobState, ...] = ()
    trouble: str = ""
    """Why they cannot be listed; empty if they can."""

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"jobs": [asdict(job) for job in self.found]}

    def print(self, console: Console) -> None:
        """Prints a sentence for each."""
        for job in self.found:
            say(job.sentence, console, "red" if job.status == "FAILED" else "")
        if self.trouble:
            say(f"jobs are not known: {self.trouble}", console, "yellow")


def status(
    context: typer.Context,
    words: OptionalTargetWords = None,
    scale: ViewScaleOption = None,
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
    as_json: JsonOption = False,
) -> None:
    """Print the state of every trial of experiments, or of single trials; by default the sweeps that are stored."""
    from rich.console import Console

    from orchestrator.cli.sweep_table import TABLE_WIDTH

    console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH))
    if words:
        at_storage = caller(context, storage)
        _print_trials(words, choose_view(words, scale, storage, data), at_storage, address, console, as_json)
    else:
        _print_sweeps(storage, caller(context, storage), address, console, as_json)


def _print_trials(
    words: list[str], view: View, at_storage: Caller, address: str | None, console: Console, as_json: bool
) -> None:
    """Prints the state of every trial.

    Raises:
        typer.Exit: some that were named by their keys cannot be read.
    """
    from orchestrator.cli.sweep_table import sweep_document, sweep_remarks, sweep_summary, sweep_table

    looks, store, problems = _observer(words, view)
    plan, search = next(looks)
    jobs = _jobs_of_interest(address, words, view.scale) if address and plan.name else Jobs()
    if as_json:
        document = sweep_document(plan, search, store)
        print_json(document | jobs.document if address else document)
    else:
        view.say_remark(console)
        console.print(sweep_table(plan, store))
        for remark in sweep_remarks(plan, store):
            say(remark, console, "yellow")
        console.print(sweep_summary(plan), style="bold", markup=False)
        if search is not None:
            print_search_state(search, console)
        if line := mlflow_line(view.settings, plan.name, at_storage) if plan.name else "":
            say(line, console, "dim")
        jobs.print(console)
    if problems:
        raise typer.Exit(INPUT_ERROR)


def _print_sweeps(
    storage: str | None, at_storage: Caller, address: str | None, console: Console, as_json: bool
) -> None:
    """Prints the sweeps that a storage holds, and what shows the trials of the last one."""
    from orchestrator.cli.sweeps_table import sweeps_document, sweeps_table
    from orchestrator.planning.stored_sweeps import stored_sweeps
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from orchestrator.trial.leases import LeaseWatch

    settings = resolve_settings(storage)
    store = Store(settings.storage)
    store.refresh()
    sweeps = stored_sweeps(store, LeaseWatch(settings.storage))
    jobs = _jobs_of_interest(address) if address else Jobs()
    if as_json:
        document = sweeps_document(sweeps)
        print_json(document | jobs.document if address else document)
        return
    if sweeps:
        console.print(sweeps_table(sweeps))
        if (last := sweeps[0].request) is not None:
            shown = at_storage.command("status", last.words, last.scale)
            say(f"the trials of the last one: {shown}", console, "dim")
            if line := mlflow_line(settings, sweeps[0].name, at_storage):
                say(line, console, "dim")
    else:
        say(f"no sweep is stored in {settings.storage}; combo run starts one", console)
    jobs.print(console)


def watch(
    words: TargetWords,
    scale: ViewScaleOption = None,
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

    console = Console(highlight=False)
    view = choose_view(words, scale, storage, data)
    view.say_remark(console)
    looks, store, _ = _observer(words, view)
    told = ""
    with Live(console=console, auto_refresh=False) as live:
        for plan, search in looks:
            summary = sweep_summary(plan)
            if console.is_terminal:
                live.update(Group(sweep_table(plan, store, console.width), Text(summary, style="bold")), refresh=True)
            elif summary != told:
                console.print(summary, markup=False)
            told = summary
            if not plan.to_run and (search is None or search.complete):
                return
            time.sleep(every)


def _jobs_of_interest(address: str, words: Sequence[str] = (), scale: str = FULL) -> Jobs:
    """Jobs of the experiments, or of all sweeps, that wait or run, and the last one if it failed."""
    from experiments.errors import InputError
    from orchestrator.cli.unbound_targets import read_unbound_targets
    from orchestrator.jobs.client import GOING, JobServer

    asked = read_unbound_targets(words, scale).content_part if words else None
    try:
        jobs = JobServer(address).jobs(asked)
    except (InputError, OSError) as error:
        return Jobs(trouble=str(error))
    last_failed = [job for job in jobs[:1] if job.status == "FAILED"]
    return Jobs((*last_failed, *(job for job in jobs if job.status in GOING)))


def _observer(
    words: list[str], view: View
) -> tuple[Iterator[tuple[Plan, SearchStudy | None]], Store, Sequence[Problem]]:
    """The present state of the targets at each step, the store, and problems of single trials."""
    from orchestrator.store.store import Store
    from orchestrator.trial.leases import LeaseWatch

    store = Store(view.settings.storage)
    # Once, as it reads the data's fingerprint, which takes a while on a large set.
    targets = find_targets(words, view.scale, view.settings, store)
    return targets.looks(store, LeaseWatch(view.settings.storage)), store, targets.problems
