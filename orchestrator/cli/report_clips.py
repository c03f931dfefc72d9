"""`combo report clips`: predictions of chosen clips, for the figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, DeviceOption, StorageOption
from orchestrator.cli.plain_text import say


def clips(
    trials: Annotated[list[str], typer.Argument(metavar="TRIAL...", help="Keys of finished trials.")],
    clip: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a clip of the test split; give it again for more.  [default: the clips that every trial "
            "predicts when it finishes]",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = None,
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Let finished trials predict test clips, so that figures can show them; what is stored and sound stays."""
    from rich.console import Console

    from orchestrator.settings import resolve_settings

    console = Console(highlight=False)
    settings = resolve_settings(storage, data)
    with console.status("reading trials"):
        from orchestrator.cli.arguments import chosen_device
        from orchestrator.cli.progress_bar import progress_bars
        from orchestrator.report_inputs.clip_predictions import wanted_clips
        from orchestrator.store.store import Store

        found_device, store = chosen_device(device), Store(settings.storage)
        wanted = wanted_clips(trials, clip or [], settings.data, store)
    written: list[Path] = []
    with progress_bars(console) as progress:
        bar = progress.add_task("Predicting clips", total=sum(len(one.choices) for one in wanted))
        for one in wanted:
            written += one.predict(store, found_device, lambda: progress.advance(bar))
    for path in written:
        say(str(path), console)
    made = f"{len(written)} clip{'s' * (len(written) > 1)} predicted"
    say(made if written else "all of these are predicted already", console)
