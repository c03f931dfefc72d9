"""`combo sync`: make MLflow equal to storage."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.arguments import StorageOption
from orchestrator.cli.exit_codes import INPUT_ERROR
from orchestrator.cli.plain_text import say


def sync(
    experiments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT...]",
            help="Experiments by name (PAPER/table7).  [default: everything in the storage]",
            show_default=False,
        ),
    ] = None,
    storage: StorageOption = None,
) -> None:
    """Make MLflow equal to storage: after an outage, into an empty server, after runs were deleted.

    Reads the trial directories only, and writes only what MLflow lacks; done twice, the second time writes nothing.
    """
    from rich.console import Console

    from orchestrator.cli.progress_bar import progress_bar
    from orchestrator.settings import resolve_settings
    from orchestrator.store.presence import refuse_absent
    from orchestrator.tracking.failures import told_in_one_sentence
    from orchestrator.tracking.synchronise import synchronise

    console = Console(highlight=False)
    settings = resolve_settings(storage)
    refuse_absent(settings.storage)
    with told_in_one_sentence(settings), progress_bar(console, "Comparing trials") as on_progress:
        outcome = synchronise(settings, experiments or [], on_progress)
    changed = f"{outcome.changed} of them changed now" if outcome.changed else "all up to date"
    say(f"MLflow holds {outcome.runs} runs, {changed}", console)
    if outcome.running:
        say(f"{outcome.running} trials are running and left to their sweep", console)
    for problem in outcome.problems:
        say(f"left out: {problem}", console, "yellow")
    if outcome.problems:
        raise typer.Exit(INPUT_ERROR)
