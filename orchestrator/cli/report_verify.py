"""`combo report verify`: does every number follow from the data?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption
from orchestrator.cli.exit_codes import INPUT_ERROR, UNFAITHFUL
from orchestrator.cli.plain_text import printable, say

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.settings import Settings
    from reports.stored.results import Results
    from reports.tables.cells import Table
    from reports.verifying.logged_runs import LoggedRun
    from reports.verifying.verify import Finding, Verification

UNKNOWN = "which, cannot be told"
"""Stands for the cells of a trial of which nothing can be known."""


def verify(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT...] [KEY=VALUE...]",
            help="Experiments by name (combo/table7) or table (combo/7), and settings laid over them.  "
            "[default: all of them]",
            show_default=False,
        ),
    ] = None,
    scale: ScaleOption = "full",
    storage: StorageOption = None,
    data: DataOption = None,
    without_mlflow: Annotated[
        bool, typer.Option("--without-mlflow", help="Do not compare MLflow's runs with storage.")
    ] = False,
) -> None:
    """Recompute every cell from the per-clip scores, and check every file that a result names against its checksum.

    Nothing that was kept for speed is believed, and nothing is changed. Exits with 1 when a number does not follow, and
    with 2 when that cannot be known because this user may not read all files.
    """
    from rich.console import Console

    from orchestrator.cli.progress_bar import progress_bar
    from orchestrator.cli.sweep_table import TABLE_WIDTH
    from orchestrator.report_inputs.protocols import protocols_of_today
    from orchestrator.settings import resolve_settings
    from reports.verifying.verify import verify as verify_tables

    console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH))
    settings = resolve_settings(storage, data)
    tables, results = _tables(words or [], scale, settings, data_was_named=data is not None)
    logged = None if without_mlflow else _read_mlflow(tables, settings, console)
    with progress_bar(console, "Checking trials") as on_progress:
        found = verify_tables(
            tables, results, settings.storage.root, logged, settings.storage.fetch, on_progress, protocols_of_today()
        )
    if found.findings:
        _show(found.findings, console)
    if found.not_logged:
        say(f"MLflow does not know {len(found.not_logged)} of the trials; `combo sync` tells it", console, "yellow")
    say(_conclusion(found, compared=logged is not None), console)
    if any(not finding.is_denied for finding in found.findings):
        raise typer.Exit(UNFAITHFUL)
    if found.findings:
        raise typer.Exit(INPUT_ERROR)


def _tables(words: list[str], scale: str, settings: Settings, *, data_was_named: bool) -> tuple[list[Table], Results]:
    """The tables as `combo report build` shows them, and the results that they are built from."""
    from experiments.errors import InputError, Problem
    from experiments.overrides import parse_assignments
    from orchestrator.report_inputs.protocols import protocols_of_today
    from orchestrator.report_inputs.request import read_words
    from orchestrator.store.store import Store
    from reports.stored.imported import read_imported_evaluations
    from reports.stored.results import read_results
    from reports.tables.clip_statistics import ClipStatistics
    from reports.tables.table import Known, build_table

    names = [word for word in words if "=" not in word]
    assigned = parse_assignments(word for word in words if "=" in word)
    asked = read_words(names, assigned, scale, settings.data, data_was_named=data_was_named)
    if not asked.reported:
        raise InputError(Problem("command line", "names no table with numbers of ours", "such as combo/table7"))
    Store(settings.storage).refresh_all()
    results = read_results(settings.storage.root, None)  # what is verified is what is stored, not what was kept of it
    imported, _ = read_imported_evaluations(settings.storage.root)
    known, statistics = Known(tuple(imported), protocols_of_today()), ClipStatistics()
    return [build_table(one.scaled, one.trials, results, known, statistics) for one in asked.reported], results


def _read_mlflow(tables: list[Table], settings: Settings, console: Console) -> dict[str, LoggedRun] | None:
    """What MLflow holds of the trials behind the cells; None if it cannot be read, which is said."""
    from orchestrator.cli.progress_bar import progress_bar
    from orchestrator.tracking.failures import explain
    from orchestrator.tracking.logged_results import read_logged

    keys = list(dict.fromkeys(run.key for table in tables for cell in table.own_cells for run in cell.counted))
    try:
        with progress_bar(console, "Reading MLflow") as on_progress:
            return read_logged(settings, keys, on_progress)
    except Exception as error:  # MLflow raises whatever its client, server or database raises
        say(f"MLflow is not compared: {explain(error, settings)}", console, "yellow")
        return None


def _show(findings: tuple[Finding, ...], console: Console) -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid("cells", "of", "what", "stored", "recomputed", box=None)
    for finding in findings:
        texts = (finding.source, finding.what, finding.stored, finding.recomputed)
        cells = "\n".join(map(printable, finding.cells or [UNKNOWN]))
        grid.add_row(*(Text(text, overflow="fold") for text in (cells, *map(printable, texts))))
    console.print(grid)


def _conclusion(found: Verification, *, compared: bool) -> str:
    denied = {cell for finding in found.findings for cell in finding.cells if finding.is_denied}
    broken = {cell for finding in found.findings for cell in finding.cells if not finding.is_denied}
    if broken:
        return f"{len(broken)} cell{' does' if len(broken) == 1 else 's do'} not follow from the data"
    if denied or any(finding.is_denied for finding in found.findings):
        told = f"{len(denied)} cell{'' if len(denied) == 1 else 's'}" if denied else "some trials"
        return f"{told} cannot be verified, as this user may not read all files; nothing contradicts the data so far"
    if found.findings:
        return "finished trials cannot be trusted, and which cells they belong to cannot be told"
    if not found.cells:
        return "no cell holds a number of ours, so there was nothing to verify"
    data = ["the per-clip scores", "the trial directories", *(["MLflow"] if compared else [])]
    return f"all {found.cells} cells follow from {', '.join(data[:-1])} and {data[-1]} ({found.trials} trials)"
