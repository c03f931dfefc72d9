"""`combo model predict`: segment the sounding objects of a video file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.errors import InputError, Problem
from orchestrator.cli.arguments import CheckpointOption, DeviceOption, ProposerName, StorageOption
from orchestrator.cli.plain import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from model.data.proposals.proposer import Proposer
    from model.prediction.predict import PredictedSecond
    from model.prediction.video import Video
    from model.weights.stored_model import StoredModel

ROWS = 30
"""Most seconds that the summary lists."""


def predict(
    video: Annotated[Path, typer.Argument(help="Video file with sound.")],
    checkpoint: CheckpointOption,
    out: Annotated[
        Path | None, typer.Option(help="New folder for what is written.  [default: <name of the video>-prediction]")
    ] = None,
    proposer: Annotated[
        ProposerName, typer.Option(help="Who finds the masks of the Maskiges; semantic-sam cannot be run.")
    ] = ProposerName.felzenszwalb,
    proposer_weights: Annotated[
        Path | None, typer.Option(help="Weights of sam or mobile-sam: the published file, or a Hugging Face folder.")
    ] = None,
    device: DeviceOption = None,
    storage: StorageOption = None,
) -> None:
    """Segment the sounding objects of a video, second by second: masks, a filmstrip and an overlay video."""
    from rich.console import Console

    from orchestrator.settings import resolve_settings
    from orchestrator.store.checkpoint_names import checkpoint_folder
    from orchestrator.store.store import Store

    console = Console(highlight=False)
    folder = out or Path(f"{video.stem}-prediction")
    place = _free_place(folder)
    weights = checkpoint_folder(checkpoint, Store(resolve_settings(storage).storage))
    with console.status("loading video and model"):
        inputs = _load(video, weights, proposer, proposer_weights, device)
    _show(_segment(inputs, place, console), inputs, folder, console)


@dataclass(frozen=True)
class _Inputs:
    """What a prediction is made of."""

    video: Video
    stored: StoredModel
    proposer: Proposer
    device: str


def _free_place(out: Path) -> Path:
    """Where links lead to, once sure that a folder can be moved there: the work would be lost if that failed.

    Raises:
        InputError: something is there that cannot be replaced.
    """
    place = Path(os.path.realpath(out))
    remedy = "name another folder"
    if place == Path.cwd():
        problem, remedy = "is the current folder", "name a folder in it"
    elif place.is_mount():
        problem, remedy = "is where a drive is mounted", "name a folder in it"
    elif place.is_dir() and any(place.iterdir()):
        problem, remedy = "is not empty", "remove it, or name another folder"
    elif os.path.lexists(place) and not place.is_dir():
        problem = "is a file"
    else:
        return place
    raise InputError(Problem(f"--out {out}", problem, remedy))


def _load(
    video: Path, weights: Path, proposer: ProposerName, proposer_weights: Path | None, device: str | None
) -> _Inputs:
    from model.data.proposals.proposer import build_proposer
    from model.prediction.video import open_video
    from model.weights.stored_model import read_stored_model
    from orchestrator.cli.arguments import chosen_device

    if proposer is ProposerName.semantic_sam:
        problem = "is known here by its files only, and cannot look at a video"
        raise InputError(Problem("--proposer semantic-sam", problem, "use felzenszwalb, sam or mobile-sam"))
    place = chosen_device(device)
    opened = open_video(video)
    return _Inputs(opened, read_stored_model(weights), build_proposer(proposer.value, proposer_weights, place), place)


def _segment(inputs: _Inputs, place: Path, console: Console) -> list[PredictedSecond]:
    import torch

    from model.prediction import predict as prediction
    from orchestrator.cli.progress_bar import progress_bars

    with progress_bars(console) as progress:
        seconds = inputs.video.expected_seconds
        segmenting = progress.add_task("Segmenting", total=seconds)
        overlaying = progress.add_task("Writing overlay", total=seconds, start=False, visible=False)

        def on_overlaid(second: int) -> None:
            progress.start_task(overlaying)
            progress.update(overlaying, completed=second, visible=True)

        return prediction.predict(
            inputs.video,
            inputs.stored,
            inputs.proposer,
            place,
            torch.device(inputs.device),
            on_segmented=lambda done: progress.update(segmenting, completed=done),
            on_overlaid=on_overlaid,
        )


def _show(told: Sequence[PredictedSecond], inputs: _Inputs, folder: Path, console: Console) -> None:
    from model.prediction import predict as prediction

    console.print(_summary(told))
    if len(told) > ROWS:
        console.print(f"and {len(told) - ROWS} seconds more, in {prediction.DESCRIPTION_FILE}")
    config, proposer = inputs.stored.config, inputs.proposer.name
    if config.data.maskige != proposer and config.model.siam_encoder.mode != "image_only":
        trained_with = f"the model was trained with Maskiges by {config.data.maskige}"
        say(f"{trained_with}, these are by {proposer}: expect worse masks", console, "yellow")
    for written in (prediction.OVERLAY_FILE, prediction.FILMSTRIP_FILE, prediction.MASK_FOLDER):
        say(str(folder / written), console)


def _summary(told: Sequence[PredictedSecond]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for heading in ("second", "area %", "mean score"):
        table.add_column(heading, justify="right")
    table.add_column("classes, area %")
    for row in told[:ROWS]:
        score = "" if row.mean_score is None else f"{row.mean_score:.2f}"
        classes = ", ".join(f"{name} {100 * share:.1f}" for name, share in row.classes.items())
        table.add_row(str(row.second), f"{100 * row.area_share:.1f}", score, classes)
    return table
