"""`combo submit`: the same as `combo run`, on a cluster, through Ray Jobs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.errors import InputError, Problem
from experiments.scaled_experiment import ScaledExperiment
from orchestrator.cli.dataclass_options import options_from_dataclasses
from orchestrator.cli.exit_codes import STOPPED
from orchestrator.cli.run_command import RunCommand
from orchestrator.cli.unbound_targets import UnboundTargets, read_unbound_targets

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.jobs.client import JobServer
    from orchestrator.jobs.job_files import JobFiles
    from orchestrator.jobs.request import JobRequest
    from orchestrator.run_config import RunConfig


@options_from_dataclasses
def submit(
    command: RunCommand,
    context: typer.Context,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="URL",
            envvar="RAY_API_SERVER_ADDRESS",
            help="Of the cluster's dashboard; a dry run needs none.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Print what the job prints and exit as it does.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would travel and run; submit nothing.")
    ] = False,
) -> None:
    """Run experiments on a cluster, as a Ray job, with all options of `combo run`.

    The code goes along as it is here; the data and the storage must be where all nodes reach them. A cluster with
    token authentication wants RAY_AUTH_MODE=token and RAY_AUTH_TOKEN. Credentials never travel with a job.
    """
    import getpass

    from rich.console import Console

    from orchestrator.jobs.client import JobServer
    from orchestrator.jobs.environment import job_variables
    from orchestrator.jobs.job_files import JobFiles
    from orchestrator.jobs.request import JobRequest, job_command
    from orchestrator.jobs.versions import refuse_unsuitable

    console = Console(highlight=False, soft_wrap=True)
    targets = read_unbound_targets(command.words, command.scale)
    _refuse_impossible(targets, command.config)
    files = JobFiles(command.words)
    words = job_command(files.words_there, list(_given_options(context)), os.environ)
    variables = {**job_variables(os.environ), **_older_stops(command.storage)}
    request = JobRequest(targets.file_part, targets.content_part, words, variables)
    if dry_run:
        _show(files, request)
        return
    server = JobServer(_needed(address))
    refuse_unsuitable(server.versions(), f"Ray at {server.shown}")
    if targets.experiments:
        _print_forecast(targets.experiments, command, console)
    job = server.submit(request, files, getpass.getuser())
    console.print(f"submitted as job {job} to {server.shown}", markup=False)
    if follow:
        raise typer.Exit(follow_job(server, job, console))
    console.print(f"follow it with: combo logs {job} --follow --address {server.shown}", markup=False)


def _refuse_impossible(targets: UnboundTargets, config: RunConfig) -> None:
    """Refuses here what the job would refuse there, as far as it does not depend on the cluster.

    Raises:
        InputError: batches cannot be divided as asked, or not together with CUDA graphs.
        BackboneError: batches are to be divided, and a backbone cannot be built.
    """
    from orchestrator.planning.compilation import refuse_recording
    from orchestrator.planning.division import refuse_divided, refuse_uneven
    from orchestrator.planning.plan import sized

    resized = config.workers if targets.experiments else None  # a search has one worker for each of its trials
    trials = [trial if resized is None else sized(trial, resized) for trial in targets.trials]
    refuse_uneven(trials)
    refuse_divided(trials, config.micro_batch)
    refuse_recording(trials, config)


def _needed(address: str | None) -> str:
    """The address of the cluster.

    Raises:
        InputError: none was given.
    """
    if address is None:
        remedy = "name its dashboard, such as http://head:8265, or pass --dry-run"
        raise InputError(Problem("--address", "is needed: there is no cluster to submit to", remedy))
    return address


def _show(files: JobFiles, request: JobRequest) -> None:
    for name in files.names():
        typer.echo(name)
    typer.echo(f"command: {request.entrypoint}")
    typer.echo(f"variables: {shlex.join(f'{name}={value}' for name, value in request.variables.items())}")


def _older_stops(storage: str | None) -> dict[str, str]:
    """A variable that tells the job which stop requests are older than it; empty if the storage cannot be reached."""
    from orchestrator.settings import resolve_settings
    from orchestrator.storage.errors import StorageError
    from orchestrator.sweep.stop_requests import OLDER_VARIABLE, older_requests

    with suppress(InputError, StorageError, OSError):
        opened = resolve_settings(storage).storage
        if opened.root.is_dir():
            return {OLDER_VARIABLE: ",".join(older_requests(opened, os.environ))}
    return {}


def follow_job(server: JobServer, job: str, console: Console) -> int:
    """Prints a job's output to its end; returns its exit code. Ctrl-C leaves the job alone."""
    from orchestrator.jobs.follow import exit_code, follow

    try:
        ended = follow(server, job, lambda text: typer.echo(text, nl=False))
    except KeyboardInterrupt:
        again = f"combo logs {job} --follow --address {server.shown}"
        console.print(
            f"\njob {job} goes on; to follow it again: {again}; to end it: combo stop, with the same words",
            markup=False,
        )
        raise
    reason = "" if ended.exit_code is not None else f": {ended.message.strip()}"
    console.print(f"job {job} is over, {ended.status.lower()}{reason}", markup=False)
    return STOPPED if ended.status == "STOPPED" else exit_code(ended)


def _given_options(context: typer.Context) -> Iterator[tuple[str, str]]:
    """The options of `combo run` that differ from their defaults, each with its value; a switch has none."""
    own = {"context", "address", "follow", "dry_run"}
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.param_type_name != "option" or parameter.name in own or value == parameter.default:
            continue
        for one in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            if isinstance(one, bool):
                yield (parameter.opts if one else parameter.secondary_opts)[0], ""
            else:
                yield parameter.opts[0], str(one)


def _print_forecast(experiments: Sequence[ScaledExperiment], command: RunCommand, console: Console) -> None:
    """Prints a forecast of the job, if this machine reaches its data and storage."""
    from model.data.errors import DataError
    from orchestrator.planning.cost import costs_from, worker_time
    from orchestrator.planning.cost_forecast import forecast_cost
    from orchestrator.planning.plan import make_plan, trials_on_data
    from orchestrator.planning.sweep_names import sweep_name
    from orchestrator.settings import resolve_settings
    from orchestrator.storage.errors import StorageError
    from orchestrator.store.store import Store

    try:
        settings = resolve_settings(command.storage, command.data)
        store = Store(settings.storage)
        store.refresh()
        trials = trials_on_data(experiments, settings.data, command.config.workers)
        plan = make_plan(sweep_name(experiments, trials), trials, store)
        left = forecast_cost(experiments, trials, plan, costs_from(store), store).left
    except (DataError, InputError, StorageError, OSError):
        return  # they are not here, or not readable; the job will say so if it finds the same
    console.print(
        f"{plan.name}: {len(plan.entries)} trials, {len(plan.finished)} finished, {len(plan.to_run)} to run, "
        f"likely {worker_time(left)} of worker time"
    )
