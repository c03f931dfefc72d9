"""`combo report verify`: does every number follow from the data?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ShownProtocolOption, StorageOption
from orchestrator.cli.exit_codes import INPUT_ERROR, UNFAITHFUL
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import printable, say
from orchestrator.cli.view import ViewScaleOption, choose_view

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.settings import Settings
    from reports.tables.cells import Table
    from reports.verifying.logged_runs import LoggedRun
    from reports.verifying.verify import Verification

UNKNOWN = "unknown cells"
"""Stands for the cells of a trial of which nothing can be known."""


def verify(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPERIMENT...] [KEY=VALUE...] | BUNDLE.zip",
            help="Experiments by name (PAPER/table7) or table (PAPER/7), and settings laid over them.  "
            "[default: all of them]  Or a file that `combo report bundle` wrote.",
            show_default=False,
        ),
    ] = None,
    scale: ViewScaleOption = None,
    protocol: ShownProtocolOption = None,
    storage: StorageOption = None,
    data: DataOption = None,
    without_mlflow: Annotated[
        bool, typer.Option("--without-mlflow", help="Do not compare MLflow's runs with storage.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Recompute every cell from the per-clip scores, and check every file that a result names against its checksum.

    Nothing that was kept for speed is believed, and nothing is changed. Exits with 1 when a number does not follow, and
    with 2 when that cannot be known because this user may not read all files.
    """
    from rich.console import Console

    from experiments.errors import InputError, Problem
    from orchestrator.cli.progress_bar import progress_bar
    from orchestrator.cli.report_tables import stored_tables
    from orchestrator.cli.sweep_table import TABLE_WIDTH
    from orchestrator.report_inputs.protocols import chosen_protocols
    from orchestrator.store.presence import refuse_absent
    from reports.verifying.verify import verify as verify_tables

    console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH), stderr=as_json)
    if words and words[0].endswith(".zip"):
        if len(words) > 1 or any(option is not None for option in (scale, protocol, storage, data)):
            what = "names a bundle beside something else, and a bundle holds all that it is about"
            raise InputError(Problem("command line", what, "name it alone"))
        _verify_bundle(Path(words[0]), console, as_json)
        return
    view = choose_view(words or [], scale, storage, data)
    settings = view.settings
    refuse_absent(settings.storage)
    view.say_remark(console)
    protocols = chosen_protocols(protocol)
    stored = stored_tables(words or [], view.scale, settings, protocols, data_was_named=data is not None)
    tables, results = stored.measured, stored.results
    logged = None if without_mlflow else _read_mlflow(tables, settings, console)
    with progress_bar(console, "Checking trials") as on_progress:
        found = verify_tables(
            tables, results, settings.storage.root, logged, settings.storage.fetch, on_progress, protocols
        )
    _show(found, console, as_json)
    if found.not_logged:
        say(f"MLflow lacks {len(found.not_logged)} of the trials; `combo sync` adds them", console, "yellow")
    say(_conclusion(found, compared=logged is not None), console)
    _tell_reproduced(found, console)
    _exit(found)


def _verify_bundle(path: Path, console: Console, as_json: bool) -> None:
    from experiments.errors import InputError, Problem
    from orchestrator.cli.progress_bar import progress_bar
    from orchestrator.cli.verified_bundle import verify_bundle

    if not path.is_file():
        raise InputError(Problem(str(path), "is missing", "name a file that combo report bundle wrote"))
    verified = verify_bundle(path, lambda: progress_bar(console, "Checking trials"))
    _show(verified.found, console, as_json)
    changed = [finding for finding in verified.found.findings if not finding.cells]
    if changed:
        say(f"{len(changed)} file{' is' if len(changed) == 1 else 's are'} not what was packed", console)
    if len(changed) < len(verified.found.findings) or not changed:
        say(_conclusion(verified.found, compared=False), console)
    _tell_reproduced(verified.found, console)
    if not verified.has_weights:
        say("the weights are not in the bundle: their checksums are taken as stated", console)
    _exit(verified.found)


def _tell_reproduced(found: Verification, console: Console) -> None:
    """How trials came out that were trained again; nothing where none was."""
    if count := sum(found.reproduced.values()):
        told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(found.reproduced.items()))
        of_all = f"{count} of {found.trials} trial{'' if found.trials == 1 else 's'}"
        say(f"trained again by `combo reproduce`: {of_all}, {told}", console, "yellow" if "differs" in told else "")


def _exit(found: Verification) -> None:
    if any(not finding.is_denied for finding in found.findings):
        raise typer.Exit(UNFAITHFUL)
    if found.findings:
        raise typer.Exit(INPUT_ERROR)


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


def _show(found: Verification, console: Console, as_json: bool) -> None:
    from dataclasses import asdict

    from rich.table import Table as Grid
    from rich.text import Text

    if as_json:
        print_json(asdict(found))
    if as_json or not found.findings:
        return
    grid = Grid("cells", "of", "what", "stored", "recomputed", box=None)
    for finding in found.findings:
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
        return "some finished trials cannot be trusted, and it is unknown which cells they belong to"
    if not found.cells:
        return "no cell holds a number of ours, so there was nothing to verify"
    data = ["the per-clip scores", "the trial directories", *(["MLflow"] if compared else [])]
    return f"all {found.cells} cells follow from {', '.join(data[:-1])} and {data[-1]} ({found.trials} trials)"
