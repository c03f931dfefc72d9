"""`combo model evaluate`: score stored weights without training."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import CheckpointOption, DataOption, DeviceOption, StorageOption
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.run_config import MOST

if TYPE_CHECKING:
    from rich.console import Console

    from experiments.records import EvaluationRecord
    from orchestrator.evaluation import Evaluation
    from orchestrator.settings import Settings


class Split(StrEnum):
    """The splits of AVSBench."""

    train = "train"
    val = "val"
    test = "test"


def evaluate(
    checkpoint: CheckpointOption,
    protocol: Annotated[
        str | None,
        typer.Option(help="How to score, such as avsbench-binary-batch4.  [default: the authors' for the task]"),
    ] = None,
    split: Annotated[Split, typer.Option(help="Which clips to score.")] = Split.test,
    batch: Annotated[
        int, typer.Option(min=1, max=MOST, help="Clips per forward pass; scores agree up to rounding.")
    ] = 1,
    device: DeviceOption = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score any checkpoint, trained here or imported, and log it to MLflow with its protocol.

    The same weights of the same file are scored once on the same data under the same protocol, unless clips were left
    out; asking again prints what is stored.
    """
    from rich.console import Console

    from experiments.errors import InputError, Problem
    from orchestrator.settings import resolve_settings
    from orchestrator.store.checkpoint_names import checkpoint_folder
    from orchestrator.store.store import Store

    settings = resolve_settings(storage, data)
    store = Store(settings.storage)
    folder = checkpoint_folder(checkpoint, store)

    from model.data.fingerprint import trial_fingerprint
    from model.metrics.protocol import protocol_for
    from model.weights.stored_model import read_stored_model
    from orchestrator.cli.arguments import chosen_device
    from orchestrator.evaluation import Evaluation

    stored = read_stored_model(folder)
    wanted = stored.config.data
    try:
        chosen = protocol_for(wanted.task, protocol)
    except ValueError as error:
        raise InputError(Problem("--protocol", str(error))) from None
    fingerprint = trial_fingerprint(settings.data, stored.config)
    evaluation = Evaluation(stored, settings.data, fingerprint, chosen, split.value, store)
    evaluation.folder.fetch()
    console = Console(highlight=False, stderr=as_json)
    found_device = chosen_device(device)
    known = evaluation.folder.record
    # Clips that could not be used may be mended by now, which the data's fingerprint need not show.
    record = known if known is not None and not known.quarantined else _run(evaluation, found_device, batch, console)
    if as_json:
        print_json(record.model_dump(mode="json"))
    else:
        _show(record, evaluation, console)
    log_to_mlflow(settings, evaluation, record, console)


def _run(evaluation: Evaluation, device: str, batch: int, console: Console) -> EvaluationRecord:
    from orchestrator.cli.progress_bar import progress_bars

    with progress_bars(console) as progress:
        bar = progress.add_task("Scoring clips", total=len(evaluation.dataset))
        return evaluation.run(device, lambda: progress.advance(bar), batch)


def _show(record: EvaluationRecord, evaluation: Evaluation, console: Console) -> None:
    from rich.table import Table

    weights = record.weights
    source = f"imported from {weights.file}" if weights.origin == "official" else f"trained here, step {weights.step}"
    table = Table("task", "protocol", "M_J", "M_F", "clips", box=None)
    scores = [f"{100 * value:.2f}" for value in (record.score.m_j, record.score.m_f)]
    task = weights.config.data.task.upper()
    scored = len(evaluation.dataset) - len(record.quarantined)
    table.add_row(task, record.protocol.label, *scores, str(scored))
    console.print(table)
    if record.quarantined:
        say(f"left out as unusable: {', '.join(record.quarantined)}", console, "yellow")
    say(f"weights: {source}, sha256 {weights.sha256[:16]}", console)
    say(f"stored in {evaluation.folder.path}", console)


def log_to_mlflow(settings: Settings, evaluation: Evaluation, record: EvaluationRecord, console: Console) -> None:
    """Logs to MLflow; a failure is only printed, as the scores are stored already."""
    from orchestrator.tracking.evaluation_run import EVALUATION_TAG, MLFLOW_EXPERIMENT, log_evaluation
    from orchestrator.tracking.experiment_runs import ExperimentRuns
    from orchestrator.tracking.failures import explain

    try:
        runs = ExperimentRuns(settings, MLFLOW_EXPERIMENT)
        log_evaluation(runs, runs.find({EVALUATION_TAG: record.key}), evaluation.folder, record)
    except Exception as error:  # MLflow raises whatever its client, server or database raises
        say(f"not in MLflow, the same command tries again: {explain(error, settings)}", console, "yellow")
