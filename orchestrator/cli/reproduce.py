"""`combo reproduce`: train finished trials again, whole or some steps, and compare number by number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, StorageOption, TargetWords
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import ViewScaleOption, choose_view
from orchestrator.run_config import MOST, RunConfig

if TYPE_CHECKING:
    from rich.console import Console

    from experiments.records import ResultRecord
    from experiments.reproduction_record import ReproductionRecord
    from experiments.trial import Trial
    from orchestrator.reproduction.wanted import WantedReproductions

DIFFERENT = 1
"""Exit code when a trial did not come out as it is stored."""
STYLES = {"identical": "green", "within rounding": "green", "differs": "red"}


def reproduce(
    words: TargetWords,
    scale: ViewScaleOption = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST,
            help="Train only so many steps.  [default: all, then compare weights and test scores too]",
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="Largest relative difference of losses and weights that is rounding.")
    ] = 1e-4,
    score_tolerance: Annotated[
        float, typer.Option(min=0, max=100, help="Largest difference of scores that is rounding, in percentage points.")
    ] = 0.1,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda.  [default: as the trial was trained, if this machine can]")
    ] = None,
    threads: Annotated[
        int,
        typer.Option(min=1, max=MOST, help="Threads of PyTorch on the CPU; a worker with one CPU has one."),
    ] = 1,
    micro_batch: Annotated[
        int | None,
        typer.Option(min=1, max=MOST, help="Clips per forward pass.  [default: as many as a worker of the trial had]"),
    ] = None,
    vggish_weights: Annotated[Path | None, typer.Option(help="AudioSet weights of the frozen VGGish.")] = None,
    backbone_weights: Annotated[
        list[str] | None,
        typer.Option(metavar="[BACKBONE=]FILE", help="ImageNet weights of a backbone, as for `combo run`."),
    ] = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train finished trials again from their first step, and compare with what is stored: a reproducibility check.

    Compared are the losses of every step and the validation scores; where all steps are trained, also the tested
    weights and the test scores. The verdict is identical, to the last bit; within rounding; or differs. It is stored
    beside the result and shown with its provenance. Nothing else of the trial changes, in storage or MLflow. Trains in
    this process, with one worker.
    """
    from rich.console import Console

    from experiments.identity import TRIAL_KEY
    from orchestrator.cli.arguments import chosen_device
    from orchestrator.cli.chosen_targets import find_targets
    from orchestrator.cli.progress_bar import progress_bars
    from orchestrator.commit import current_commit
    from orchestrator.reproduction.comparison import Comparison
    from orchestrator.reproduction.reproduce import reproduce as train_again
    from orchestrator.reproduction.wanted import wanted_reproductions
    from orchestrator.store.store import Store
    from orchestrator.store.writable import refuse_unwritable
    from orchestrator.trial.run_context import RunContext
    from orchestrator.trial.weight_files import weight_files

    console = Console(highlight=False, stderr=as_json)
    view = choose_view(words, scale, storage, data)
    view.say_remark(console)
    if device is not None:
        chosen_device(device)
    store = Store(view.settings.storage)
    plan = find_targets(words, view.scale, view.settings, store).plan(store)
    named = [word for word in words if TRIAL_KEY.fullmatch(word)]
    wanted = wanted_reproductions(plan, named, view.settings.data, store, steps, micro_batch)
    files = weight_files(vggish_weights, backbone_weights or [], [one.trial for one in wanted.to_train])
    refuse_unwritable(view.settings.storage)
    run_config = RunConfig(checkpoint_every=MOST, micro_batch=micro_batch)
    settings = view.settings
    context = RunContext(settings.storage, settings.data, current_commit(), run_config, weight_files=files)
    records = []
    with progress_bars(console) as progress:
        bar = progress.add_task("", total=sum(one.steps for one in wanted.to_train))
        for one in wanted.to_train:
            progress.update(bar, description=f"Steps of {one.trial.key}, again")
            here = replace(context, device=device or _device_of(one.result))
            comparison = Comparison(tolerance, score_tolerance)
            records.append(train_again(one, here, store, comparison, threads, lambda: progress.advance(bar)))
            if not as_json:
                _tell(one.trial, records[-1], console)
    if as_json:
        print_json([record.model_dump(mode="json") for record in records])
    say(_conclusion(records, wanted), console)
    if any(record.verdict == "differs" for record in records):
        raise typer.Exit(DIFFERENT)


def _device_of(result: ResultRecord) -> str:
    """The kind of device that a trial was trained on, if this machine has it."""
    from orchestrator.cli.arguments import chosen_device

    return "cpu" if result.provenance.device == "cpu" else chosen_device(None)


def _tell(trial: Trial, record: ReproductionRecord, console: Console) -> None:
    label = f"{trial.experiment} {trial.label}" if trial.experiment else f"{trial.task} seed {trial.seed}"
    say(f"{trial.key} {label}: {record.verdict} ({record.scope} compared)", console, STYLES[record.verdict])
    for told in filter(None, (record.finding, "; ".join(record.conditions))):
        say(f"  {told}", console)


def _conclusion(records: list[ReproductionRecord], wanted: WantedReproductions) -> str:
    count = len(records)
    told = [f"{count} trial{'' if count == 1 else 's'} trained again"]
    for verdict in STYLES:
        if found := sum(record.verdict == verdict for record in records):
            told.append(f"{found} {verdict}")
    if wanted.left_out:
        told.append(f"{wanted.left_out} without a result left out")
    return ", ".join(told)
