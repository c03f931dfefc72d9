"""`combo report`: rebuild tables and figures from what is stored."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, Words, read_studies


def report(
    words: Words,
    scale: ScaleOption = "full",
    out: Annotated[Path, typer.Option(help="Folder for the reports, one folder per experiment.")] = Path("reports-out"),
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Rebuild the tables of experiments beside the papers' numbers: Markdown, LaTeX, CSV and a page.

    Where no --data is given and the default folder has none, trials are found by their configuration alone.
    """
    from rich.console import Console

    from experiments.expand import expand
    from model.data.errors import DataError
    from orchestrator.planning.plan import trials_on_data
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from reports.build import build_report
    from reports.render import terminal

    settings = resolve_settings(storage, data)
    console = Console(highlight=False)
    Store(settings.storage).refresh_all()
    for study in read_studies(words, scale):
        try:
            trials = trials_on_data([study], settings.data)
        except DataError:
            if data is not None:
                raise
            trials = expand(study)
        folder = out / study.name.replace("/", "-")
        built = build_report(study, trials, settings.storage.root, folder)
        console.print(terminal.render(built.table))
        for problem in built.problems:
            console.print(f"left out: {problem}", style="yellow", markup=False)
        console.print(
            f"{built.measured} cells measured, {built.missing} not; page: {built.files[-1].absolute()}", soft_wrap=True
        )
    command = [_program(), "mlflow", *(["--storage", storage] if storage else [])]
    console.print(f"runs and metrics: {shlex.join(command)}", soft_wrap=True)


def _program() -> str:
    """How this program was called, so that the printed command can be pasted."""
    called = Path(sys.argv[0])
    if shutil.which(called.name):
        return called.name
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)
