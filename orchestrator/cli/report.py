"""`combo report`: the papers' tables and figures, rebuilt from what is stored."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import report_clips, report_diff, report_verify
from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption
from orchestrator.cli.plain_text import say

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.settings import Settings
    from reports.build import Report

DEFAULT_OUT = Path("reports-out")
PAGE = "index.html"
KEPT_DRAWINGS = "reports/drawings"
"""Below the storage's cache."""

app = typer.Typer(help="Rebuild the papers' tables and figures from what is stored.", no_args_is_help=True)
app.command("verify")(report_verify.verify)
app.command("diff")(report_diff.diff)
app.command("clips")(report_clips.clips)


@app.callback()
def report() -> None:
    """Rebuild the papers' tables and figures from what is stored."""


@app.command()
def build(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT...] [KEY=VALUE...]",
            help="Experiments by name (PAPER/table7) or table (PAPER/7), searches (search/NAME), and settings "
            "laid over them.  [default: everything]",
            show_default=False,
        ),
    ] = None,
    scale: ScaleOption = "full",
    out: Annotated[Path, typer.Option(help="Folder of the site.")] = DEFAULT_OUT,
    storage: StorageOption = None,
    data: DataOption = None,
    mlflow_url: Annotated[
        str | None,
        typer.Option(
            help="Where MLflow's pages are, for links to runs.  [default: the tracking server, or where "
            "`combo mlflow` serves]",
            show_default=False,
        ),
    ] = None,
    without_mlflow: Annotated[bool, typer.Option("--without-mlflow", help="Do not look up MLflow's runs.")] = False,
) -> None:
    """Build the tables beside the papers' numbers as Markdown, LaTeX, CSV, Parquet and JSON, and a site around them.

    Where the data folder lacks a subset, its trials are found by their configuration alone.
    """
    from rich.console import Console

    from experiments.errors import InputError, Problem
    from experiments.overrides import parse_assignments
    from orchestrator.cli.progress_bar import progress_bars
    from orchestrator.report_inputs.gather import gather
    from orchestrator.report_inputs.request import read_words
    from orchestrator.settings import resolve_settings
    from orchestrator.store.store import Store
    from reports.build import build_report
    from reports.drawing.kept_drawings import keeping_drawings
    from reports.render import terminal
    from reports.stored.results import read_results

    if out.exists() and not out.is_dir():
        raise InputError(Problem(str(out), "is a file", "name a folder with --out"))
    console = Console(highlight=False)
    settings = resolve_settings(storage, data)
    cache = settings.storage.cache if settings.storage.root.is_dir() else None
    given = words or []
    assigned = parse_assignments(word for word in given if "=" in word)
    names = [word for word in given if "=" not in word]
    asked = read_words(names, assigned, scale, settings.data, data_was_named=data is not None)
    with progress_bars(console) as progress:
        bar = progress.add_task("Reading trials", total=None)
        Store(settings.storage).refresh_all()
        results = read_results(settings.storage.root, cache)
        progress.update(bar, description="Looking up runs")
        with keeping_drawings(cache and cache / KEPT_DRAWINGS):
            gathered = gather(asked, results, settings, None if without_mlflow else (mlflow_url or ""))
            progress.update(bar, description="Building tables", total=len(asked.reported), completed=0)
            built = build_report(gathered.request, results, out, lambda _: progress.advance(bar))
    for note in gathered.notes:
        say(note, console, "yellow")
    for problem in built.problems:
        say(f"left out: {problem}", console, "yellow")
    if len(built.tables) == 1:
        console.print(terminal.render(built.tables[0]))
    else:
        console.print(terminal.overview(built.tables))
    _say_where(built, settings, storage, console)


@app.command("open")
def open_(
    out: Annotated[Path, typer.Argument(help="Folder of a site that was built.", show_default=True)] = DEFAULT_OUT,
) -> None:
    """Open a site that was built in the browser."""
    import webbrowser

    from experiments.errors import InputError, Problem

    page = (out / PAGE).absolute()
    if not page.is_file():
        raise InputError(Problem(str(out), "holds no site", f"build one: combo report build --out {out}"))
    if not webbrowser.open(page.as_uri()):
        typer.echo(f"no browser could be started; the page is {page}")


def _say_where(built: Report, settings: Settings, storage: str | None, console: Console) -> None:
    own = [cell for table in built.tables for cell in table.own_cells]
    measured = sum(cell.summary is not None for cell in own)
    say(f"{measured} cells measured, {len(own) - measured} not; page: {built.page.absolute()}", console)
    if settings.has_own_mlflow:
        command = [_program(), "mlflow", *(["--storage", storage] if storage else [])]
        say(f"runs and metrics: {shlex.join(command)}", console)


def _program() -> str:
    """How this program was called, so that the printed command can be pasted."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" or shutil.which(called.name):
        return "combo"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)
