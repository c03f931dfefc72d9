"""`combo model predict`: segment the sounding objects of a video file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.errors import InputError, Problem
from orchestrator.cli.arguments import CheckpointOption, DeviceOption, ProposerName, StorageOption
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.run_config import MOST

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from model.prediction.description import PredictedSecond, Prediction
    from model.prediction.media.opening import Choice
    from model.prediction.media.video import Video
    from model.proposals.proposer import Proposer
    from model.weights.stored_model import StoredModel

ROWS = 30
"""Most masks that the summary lists."""
FINEST_RATE, HIGHEST_RATE = 100_000, 1000
"""Largest denominator of a frame rate, and the highest one, per second."""
MOST_MASKS = 10
"""Per second. All seconds of a clip are in memory at once, with every mask's frame."""


def predict(
    video: Annotated[Path, typer.Argument(help="Video file with sound, or a folder of pictures.")],
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
    sound: Annotated[
        Path | None, typer.Option(help="Sound or video file to be heard instead; it begins with the first picture.")
    ] = None,
    video_track: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="Which pictures, from 1.  [default: as the file says]")
    ] = None,
    audio_track: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="Which sound, from 1.  [default: as the file says]")
    ] = None,
    frame_rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Of a folder of pictures: how many there are in a second.")
    ] = None,
    rate: Annotated[int, typer.Option(min=1, max=MOST_MASKS, help="Masks per second.")] = 1,
    device: DeviceOption = None,
    storage: StorageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Segment the sounding objects of a video, second by second: masks, a filmstrip and an overlay video."""
    from rich.console import Console

    from model.prediction.media.opening import Choice
    from orchestrator.settings import resolve_settings
    from orchestrator.store.checkpoint_names import checkpoint_folder
    from orchestrator.store.store import Store

    console = Console(highlight=False, stderr=as_json)
    folder = out or Path(f"{(video.resolve() if video.is_dir() else video).stem}-prediction")
    target = _free_folder(folder)
    choice = Choice(video_track, audio_track, sound, _frame_rate(frame_rate))
    weights = checkpoint_folder(checkpoint, Store(resolve_settings(storage).storage))
    with console.status("loading video and model"):
        inputs = _load(video, choice, weights, proposer, proposer_weights, device)
    predicted = _segment(inputs, target, rate, console)
    if as_json:
        _print_description(target)
    else:
        _show(predicted, inputs, rate, folder, console)


@dataclass(frozen=True)
class _Inputs:
    """What a prediction is made of."""

    video: Video
    stored: StoredModel
    proposer: Proposer
    device: str


def _free_folder(out: Path) -> Path:
    """The resolved output folder, after checking that results can be moved there at the end.

    Raises:
        InputError: something is there that cannot be replaced.
    """
    target = Path(os.path.realpath(out))
    remedy = "name another folder"
    if target == Path.cwd():
        problem, remedy = "is the current folder", "name a folder in it"
    elif target.is_mount():
        problem, remedy = "is where a drive is mounted", "name a folder in it"
    elif target.is_dir() and any(target.iterdir()):
        problem, remedy = "is not empty", "remove it, or name another folder"
    elif os.path.lexists(target) and not target.is_dir():
        problem = "is a file"
    else:
        return target
    raise InputError(Problem(f"--out {out}", problem, remedy))


def _frame_rate(text: str | None) -> Fraction | None:
    """A number or fraction of pictures per second.

    Raises:
        InputError: it is none, or not positive.
    """
    try:
        rate = None if text is None else Fraction(text).limit_denominator(FINEST_RATE)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if rate is not None and not 0 < rate <= HIGHEST_RATE:
        what = f"is no number above 0, and up to {HIGHEST_RATE}"
        raise InputError(Problem(f"--frame-rate {text}", what, "name pictures per second, such as 25 or 30000/1001"))
    return rate


def _load(
    video: Path,
    choice: Choice,
    weights: Path,
    proposer: ProposerName,
    proposer_weights: Path | None,
    device: str | None,
) -> _Inputs:
    from model.prediction.media.opening import open_video
    from model.proposals.proposer import build_proposer
    from model.weights.stored_model import read_stored_model
    from orchestrator.cli.arguments import chosen_device

    if proposer is ProposerName.semantic_sam:
        problem = "is known here by its files only, and cannot look at a video"
        raise InputError(Problem("--proposer semantic-sam", problem, "use felzenszwalb, sam or mobile-sam"))
    target = chosen_device(device)
    opened = open_video(video, choice)
    return _Inputs(opened, read_stored_model(weights), build_proposer(proposer.value, proposer_weights, target), target)


def _segment(inputs: _Inputs, target: Path, rate: int, console: Console) -> Prediction:
    import torch

    from model.prediction import predict as prediction
    from orchestrator.cli.progress_bar import progress_bars

    with progress_bars(console) as progress:
        masks = max(1, round(rate * inputs.video.expected_seconds))
        segmenting = progress.add_task("Segmenting", total=masks)
        overlaying = progress.add_task("Writing overlay", total=masks, start=False, visible=False)

        def on_overlaid(mask: int) -> None:
            progress.start_task(overlaying)
            progress.update(overlaying, completed=mask, visible=True)

        return prediction.predict(
            inputs.video,
            inputs.stored,
            inputs.proposer,
            target,
            torch.device(inputs.device),
            on_segmented=lambda done: progress.update(segmenting, completed=done),
            on_overlaid=on_overlaid,
            rate=rate,
        )


def _print_description(target: Path) -> None:
    """Prints what was written beside the masks."""
    import json

    from model.prediction import predict as prediction

    print_json(json.loads((target / prediction.DESCRIPTION_FILE).read_text(encoding="utf-8")))


def _show(predicted: Prediction, inputs: _Inputs, rate: int, folder: Path, console: Console) -> None:
    from model.prediction import predict as prediction
    from model.prediction.description import MASK_FOLDER

    told = predicted.seconds
    console.print(_summary(told))
    if len(told) > ROWS:
        more = f"{len(told) - ROWS} {'seconds' if rate == 1 else 'masks'} more"
        console.print(f"and {more}, in {prediction.DESCRIPTION_FILE}")
    for remark in predicted.remarks:
        say(remark, console, "yellow")
    config, proposer = inputs.stored.config, inputs.proposer.name
    if config.depends_on_maskiges and config.proposer != proposer:
        trained_with = f"the model was trained with Maskiges by {config.proposer}"
        say(f"{trained_with}, these are by {proposer}: expect worse masks", console, "yellow")
    for written in (prediction.OVERLAY_FILE, prediction.FILMSTRIP_FILE, MASK_FOLDER):
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
        table.add_row(f"{row.begin:g}", f"{100 * row.area_share:.1f}", score, classes)
    return table
