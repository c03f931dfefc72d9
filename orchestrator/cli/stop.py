"""`combo stop`: ends running trials without losing anything."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, TargetWords
from orchestrator.cli.chosen_targets import find_targets

LOOK_SECONDS = 1.0


def stop(
    words: TargetWords,
    scale: ScaleOption = "full",
    wait: Annotated[bool, typer.Option("--wait", help="Return only when they have ended.")] = False,
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Ask running trials, wherever they run, to write a checkpoint and end; nothing new of these experiments starts.

    `combo run` continues them.
    """
    from rich.console import Console

    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from orchestrator.sweep.stopping import request_stop
    from orchestrator.trial.attempts import AttemptWatch, ask_to_stop

    console = Console(highlight=False)
    settings = resolve_settings(storage, data)
    store = Store(settings.storage)
    store.refresh()
    targets = find_targets(words, scale, settings, store)
    running = [entry for entry in targets.plan(store).entries if entry.state == "running"]
    if targets.sweep:
        request_stop(settings.storage, targets.sweep)  # a run that is about to start its first trial hears it too
    if not running:
        console.print("none of these trials runs", markup=False)
        return
    for entry in running:
        ask_to_stop(settings.storage, entry.trial.key, entry.attempts)
        console.print(f"asked to stop: {entry.trial.label}, {entry.reason}", markup=False)
    watch = AttemptWatch(settings.storage)
    with console.status("waiting for their checkpoints"):
        while wait and running:
            time.sleep(LOOK_SECONDS)
            running = [entry for entry in running if watch.holder(entry.trial.key) is not None]
