"""`combo report build`: the papers' tables and figures, rebuilt from what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ShownProtocolOption, StorageOption
from orchestrator.cli.caller import caller
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import View, ViewScaleOption, choose_view
from orchestrator.planning.known_data import looking_at_data_once

if TYPE_CHECKING:
    from rich.console import Console

    from experiments.printed_commands import Caller
    from orchestrator.report_inputs.request import Asked
    from orchestrator.settings import Settings
    from reports.build import Report
    from reports.stored.results import Results

DEFAULT_OUT = Path("reports-out")
ReportWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[EXPERIMENT...] [KEY=VALUE...]",
        help="Experiments by name (PAPER/table7) or table (PAPER/7), searches (search/NAME), and settings "
        "laid over them.  [default: everything]",
        show_default=False,
    ),
]
MlflowUrlOption = Annotated[
    str | None,
    typer.Option(
        help="Where MLflow's pages are, for links to runs.  [default: the tracking server, or where "
        "`combo mlflow` serves]",
        show_default=False,
    ),
]
WithoutMlflowOption = Annotated[bool, typer.Option("--without-mlflow", help="Do not look up MLflow's runs.")]


@looking_at_data_once()
def build(
    context: typer.Context,
    words: ReportWords = None,
    scale: ViewScaleOption = None,
    protocol: ShownProtocolOption = None,
    out: Annotated[Path, typer.Option(help="Folder of the site.")] = DEFAULT_OUT,
    storage: StorageOption = None,
    data: DataOption = None,
    mlflow_url: MlflowUrlOption = None,
    without_mlflow: WithoutMlflowOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build the tables beside the papers' numbers as Markdown, LaTeX, CSV, Parquet and JSON, and a site around them.

    Where the data folder lacks a subset, its trials are found by their configuration alone.
    """
    from rich.console import Console

    from orchestrator.cli.progress_bar import progress_bars
    from orchestrator.report_inputs.building import ReportBuilder
    from reports.render import json_file, terminal

    console = Console(highlight=False, stderr=as_json)
    view, asked = read_asked(words or [], scale, storage, data, out)
    settings, called = view.settings, caller(context, storage, view.data)
    pages = None if without_mlflow else (mlflow_url or "")
    builder = ReportBuilder(asked, settings, out, pages, called, protocol)
    with progress_bars(console) as progress:
        bar = progress.add_task("Reading trials", total=len(asked.reported))
        made = builder.build(lambda stage: progress.update(bar, description=stage), lambda _: progress.advance(bar))
    built, results = made.report, made.results
    view.say_remark(console)
    for note in made.notes:
        say(note, console, "yellow")
    for problem in built.problems:
        say(f"left out: {problem}", console, "yellow")
    if as_json:
        print_json({"page": str(built.page.absolute()), "tables": list(map(json_file.as_document, built.tables))})
    elif len(built.tables) == 1:
        console.print(terminal.render(built.tables[0]))
        for line in terminal.remedies(built.tables[0]):
            say(line, console)
    else:
        console.print(terminal.overview(built.tables))
    _say_where(built, results, settings, caller(context, storage), console)


def read_asked(
    words: list[str], scale: str | None, storage: str | None, data: Path | None, out: Path
) -> tuple[View, Asked]:
    """What the words of a command line ask to be reported, and where it lies.

    Raises:
        InputError: unknown names or scales, mistakes in files, or `out` is a file.
    """
    from experiments.errors import InputError, Problem
    from experiments.overrides import names_and_assignments
    from orchestrator.report_inputs.request import read_words

    if out.exists() and not out.is_dir():
        raise InputError(Problem(str(out), "is a file", "name a folder with --out"))
    view = choose_view(words, scale, storage, data)
    given = names_and_assignments(words)
    return view, read_words(*given, view.scale, view.settings.data, data_was_named=data is not None)


def _say_where(built: Report, results: Results, settings: Settings, at_storage: Caller, console: Console) -> None:
    own = [cell for table in built.tables for cell in table.own_cells]
    measured = sum(cell.summary is not None for cell in own)
    say(f"{measured} cells measured, {len(own) - measured} not; page: {built.page.absolute()}", console)
    finished = sum(effort.trials for effort in results.effort())
    if own and not measured and finished:
        told = f"{finished} finished trial{' is' if finished == 1 else 's are'} stored"
        say(f"{told}, of other scales, settings or data: {at_storage.command('status')} lists them", console, "yellow")
    if settings.has_own_mlflow:
        say(f"runs and metrics: {at_storage.command('mlflow')}", console)
