"""`combo logs`: the history of trials from storage, or the output of a job from the cluster. Reads only."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.errors import InputError, Problem
from orchestrator.cli.arguments import DataOption, OptionalTargetWords, StorageOption
from orchestrator.cli.chosen_targets import find_targets
from orchestrator.cli.exit_codes import INPUT_ERROR
from orchestrator.cli.plain_text import printable
from orchestrator.cli.view import ViewScaleOption, choose_view
from orchestrator.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from orchestrator.planning.plan import PlannedTrial
    from orchestrator.store.store import Store

EVERY_SECONDS = 2.0


def logs(
    words: OptionalTargetWords = None,
    scale: ViewScaleOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on printing until all trials, or the job, are over.")
    ] = False,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="URL", help="Of a cluster's dashboard: the word is the id of its job."),
    ] = None,
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Print what happened to trials: attempts, validation scores, warnings, failures, clips set aside, checkpoints.

    With --address, print the output of a job that `combo submit` has started there.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if address is not None:
        raise typer.Exit(_job_output(words or [], address, follow, console))
    _print_history(words or [], scale, follow, storage, data, console)


def _job_output(words: list[str], address: str, follow: bool, console: Console) -> int:
    """Prints what a job has printed; returns its exit code when it was followed to its end."""
    from orchestrator.cli.submit import follow_job
    from orchestrator.jobs.client import JobServer

    if len(words) != 1:
        raise InputError(Problem("command line", "names several jobs", "give one, by the id that combo submit printed"))
    server = JobServer(address)
    if follow:
        return follow_job(server, words[0], console)
    state = server.state(words[0])
    typer.echo(server.output(words[0]), nl=False)
    typer.echo(f"job {state.id} is {state.status.lower()}", err=True)
    return 0


def _print_history(
    words: list[str], scale: str | None, follow: bool, storage: str | None, data: Path | None, console: Console
) -> None:
    from orchestrator.store.store import Store
    from orchestrator.trial.leases import LeaseWatch
    from orchestrator.trial.trial_history import outcome_lines
    from orchestrator.trial.trial_state import OVER

    view = choose_view(words, scale, storage, data)
    settings = view.settings
    view.say_remark(console)
    store = Store(settings.storage)
    seen: set[tuple[str, str]] = set()
    if not words:
        store.refresh()
        words = [folder.path.name for folder in store.trials()]
    targets = find_targets(words, view.scale, settings, store)
    for plan, _ in targets.looks(store, LeaseWatch(settings.storage)):
        damaged = {entry.trial.key for entry in plan.entries if not _print_attempts(entry, store, seen, console)}
        if not follow or all(entry.state in OVER for entry in plan.entries):
            break
        time.sleep(EVERY_SECONDS)
    for entry in plan.entries:
        _print(f"{_name(entry)}: {entry.state}", console, "bold")
        if not _print_new(outcome_lines(store.trial(entry.trial.key)), entry.trial.key, seen, console):
            damaged.add(entry.trial.key)
    if damaged or targets.problems:
        raise typer.Exit(INPUT_ERROR)


def _print_attempts(entry: PlannedTrial, store: Store, seen: set[tuple[str, str]], console: Console) -> bool:
    """Prints new lines of a trial's history below its name; returns whether it could be read."""
    from orchestrator.trial.trial_history import attempt_lines, fetch_history

    key = entry.trial.key
    fetch_history(store.trial(key))
    return _print_new(attempt_lines(store.trial(key)), key, seen, console, _name(entry))


def _print_new(lines: Iterator[str], key: str, seen: set[tuple[str, str]], console: Console, heading: str = "") -> bool:
    """Prints lines of a trial that were not printed yet, or what is damaged; returns whether it could be read."""
    told: list[str] = []
    readable = True
    try:
        told.extend(lines)
    except (InputError, StorageError) as error:
        told += str(error).splitlines()
        readable = False
    new = [line for line in told if (key, line) not in seen]
    if new and heading:
        _print(heading, console, "bold")
    for line in new:
        _print(line, console)
        seen.add((key, line))
    return readable


def _name(entry: PlannedTrial) -> str:
    key, label = entry.trial.key, entry.trial.label
    return f"trial {key}" + (f", {label}" if entry.trial.experiment else "")


def _print(text: str, console: Console, style: str = "") -> None:
    """Prints a line of a history and its continuation lines, without interpreting control characters or markup."""
    for line in text.splitlines():
        console.print(printable(line), style=style, markup=False, emoji=False)
