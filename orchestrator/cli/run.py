"""`combo run`: make what exists equal what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.errors import InputError, Problem
from experiments.expand import Study
from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, Words, read_studies
from orchestrator.cli.exit_codes import INTERRUPTED, TRIALS_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.plan import Plan


def run(
    words: Words,
    scale: ScaleOption = "full",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Data-parallel workers per trial.  [default: as the experiment says]")
    ] = None,
    cpus_per_worker: Annotated[float, typer.Option(min=0.1, help="CPUs of each worker.")] = 1.0,
    gpus_per_worker: Annotated[
        float | None, typer.Option(min=0.0, help="GPUs of each worker.  [default: 1 if the cluster has any]")
    ] = None,
    loader_workers: Annotated[int, typer.Option(min=0, help="Processes that load data, per worker.")] = 0,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 1000,
    vggish_weights: Annotated[Path | None, typer.Option(help="AudioSet weights of the frozen VGGish.")] = None,
    backbone_weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[BACKBONE=]FILE",
            help="ImageNet weights of a backbone, such as pvt_v2_b5.in1k=FILE, or of the only one; may be repeated.  "
            "[default: from timm's cache]",
        ),
    ] = None,
    storage: StorageOption = None,
    data: DataOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show Ray's own messages.")] = False,
) -> None:
    """Train the trials that have no result yet, on Ray: on this machine, or on the cluster at RAY_ADDRESS.

    Running it again continues what was interrupted from its checkpoints, and does nothing when all is finished.
    """
    from rich.console import Console

    from experiments.expand import with_sources
    from orchestrator.execute import Resources, catch_up, execute
    from orchestrator.plan import make_plan, refuse_uneven, sweep_name, trials_on_data
    from orchestrator.settings import resolve_settings
    from orchestrator.store import Store
    from orchestrator.weight_files import weight_files

    console = Console(highlight=False)
    settings = resolve_settings(storage, data)
    studies = read_studies(words, scale)
    paper = _only_paper(studies)
    store = Store(settings.storage)
    trials = trials_on_data(studies, settings.data, workers)
    needed = list(with_sources(trials))
    refuse_uneven(needed)
    files = weight_files(vggish_weights, backbone_weights or [], needed)
    plan = make_plan(sweep_name(studies), trials, store)
    if not plan.to_run:
        console.print(f"{plan.name}: all {len(plan.entries)} trials are finished already, nothing to run")
        catch_up(plan, paper, settings, console)
        return
    console.print(
        f"{plan.name}: {len(plan.entries)} trials, {plan.count('finished')} finished, "
        f"{plan.count('resumable') + plan.count('failed')} to continue, {plan.count('new')} to start"
    )

    resources = Resources(cpus_per_worker, gpus_per_worker, loader_workers, checkpoint_every, files)
    completed = execute(plan, paper, settings, resources, console, verbose)
    after = make_plan(plan.name, trials, store)
    _tell_unfinished(after, console)
    if not completed:
        console.print("interrupted; the same command continues from the checkpoints", style="yellow")
        raise typer.Exit(INTERRUPTED)
    console.print(f"{after.count('finished')} of {len(after.entries)} trials finished, stored in {settings.storage}")
    if after.to_run:
        raise typer.Exit(TRIALS_FAILED)


def _tell_unfinished(plan: Plan, console: Console) -> None:
    """Why trials have no result."""
    for entry in plan.entries:
        label, source = entry.trial.label, entry.trial.source
        if entry.state == "failed":
            console.print(f"failed: {label}: {entry.reason}", style="red", markup=False)
        elif entry.state == "new" and source is not None:
            told = f"not started: {label}: it starts from trial {source.key}, which is not finished"
            console.print(told, style="yellow", markup=False)


def _only_paper(studies: Sequence[Study]) -> str:
    """The paper that all studies belong to; each has an MLflow experiment of its own."""
    papers = sorted({study.experiment.paper for study in studies})
    if len(papers) > 1:
        raise InputError(Problem("command line", f"names experiments of {' and '.join(papers)}", "run them one by one"))
    return papers[0]
