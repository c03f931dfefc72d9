"""`combo model predict`: segment the sounding objects of a video file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import CheckpointOption, DeviceOption, StorageOption

if TYPE_CHECKING:
    from rich.table import Table

    from model.prediction.predict import PredictedSecond

ROWS = 30
"""Most seconds that the summary lists."""


def predict(
    video: Annotated[Path, typer.Argument(help="Video file with sound.")],
    checkpoint: CheckpointOption,
    out: Annotated[
        Path | None, typer.Option(help="New folder for what is written.  [default: <name of the video>-prediction]")
    ] = None,
    proposer: Annotated[
        str, typer.Option(help="Who finds the masks of the Maskiges: felzenszwalb, sam or mobile-sam.")
    ] = "felzenszwalb",
    proposer_weights: Annotated[Path | None, typer.Option(help="Weights file of a proposer that needs one.")] = None,
    device: DeviceOption = None,
    storage: StorageOption = None,
) -> None:
    """Segment the sounding objects of a video, second by second: masks, a filmstrip and an overlay video."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from orchestrator.checkpoint_names import checkpoint_folder
    from orchestrator.settings import resolve_settings
    from orchestrator.store import Store

    console = Console(highlight=False)
    weights = checkpoint_folder(checkpoint, Store(resolve_settings(storage).storage))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("Starting", total=None)
        import torch

        from model.data.proposals.proposer import build_proposer
        from model.prediction import predict as prediction
        from model.prediction.video import open_video
        from model.weights.stored_model import read_stored_model
        from orchestrator.cli.arguments import chosen_device

        place = chosen_device(device)
        folder = out or Path(f"{video.stem}-prediction")
        prediction.check_target(folder)
        opened = open_video(video)
        stored = read_stored_model(weights)
        chosen = build_proposer(proposer, proposer_weights, place)
        progress.update(bar, description="Segmenting", total=opened.expected_seconds)
        overlaying = progress.add_task("Writing overlay", total=opened.expected_seconds, start=False, visible=False)

        def on_overlaid(second: int) -> None:
            progress.start_task(overlaying)
            progress.update(overlaying, completed=second, visible=True)

        told = prediction.predict(
            opened,
            stored,
            chosen,
            folder,
            torch.device(place),
            on_segmented=lambda done: progress.update(bar, completed=done),
            on_overlaid=on_overlaid,
        )
    console.print(_summary(told))
    if len(told) > ROWS:
        console.print(f"and {len(told) - ROWS} seconds more, in {prediction.DESCRIPTION_FILE}")
    trained_with = stored.config.data.maskige
    if trained_with != proposer and stored.config.model.siam_encoder.mode != "image_only":
        console.print(
            f"the model was trained with Maskiges by {trained_with}, these are by {proposer}: expect worse masks",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    for written in (prediction.OVERLAY_FILE, prediction.FILMSTRIP_FILE, prediction.MASK_FOLDER):
        console.print(str(folder / written), soft_wrap=True, markup=False)


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
