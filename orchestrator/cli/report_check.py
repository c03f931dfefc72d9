"""`combo report check`: does a manuscript say what is stored?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ShownProtocolOption, StorageOption, TableWords
from orchestrator.cli.exit_codes import INPUT_ERROR, UNFAITHFUL
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import printable, say
from orchestrator.cli.view import ViewScaleOption, choose_view

if TYPE_CHECKING:
    from reports.manuscript.check import ManuscriptCheck


def check(
    manuscript: Annotated[Path, typer.Argument(help="Main file of the manuscript, such as paper.tex.")],
    words: TableWords = None,
    scale: ViewScaleOption = None,
    protocol: ShownProtocolOption = None,
    storage: StorageOption = None,
    data: DataOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Look also at numbers of which nothing says that they are scores.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    r"""List every number of a manuscript that is typed and disagrees with storage, with its file and line.

    Numbers that are bound, \combo{table7/lambda-5/s4/m_j}, are looked up; numbers.tex and tables that it inputs are
    compared with those of today. A comment `% combo: ignore` passes over a line. Exits with 1 when something disagrees,
    and with 2 when there is nothing to compare with.
    """
    from rich.console import Console

    from orchestrator.cli.report_tables import stored_tables
    from orchestrator.cli.sweep_table import TABLE_WIDTH
    from orchestrator.report_inputs.protocols import chosen_protocols
    from reports.manuscript.check import check_manuscript
    from reports.manuscript.latex_source import read_source

    console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH), stderr=as_json)
    source = read_source(manuscript)
    view = choose_view(words or [], scale, storage, data)
    view.say_remark(console)
    protocols = chosen_protocols(protocol)
    stored = stored_tables(words or [], view.scale, view.settings, protocols, data_was_named=data is not None)
    measured = sum(cell.summary is not None for table in stored.measured for cell in table.own_cells)
    found = check_manuscript(source, [*stored.measured, *stored.settings], everything=everything)
    if as_json:
        _print_json(found)
    else:
        _show(found)
        for name in source.missing:
            say(f"not looked at, as it is not beside the manuscript: {name}", console, "dim")
    say(_conclusion(found), console)
    if found.findings:
        raise typer.Exit(UNFAITHFUL)
    if not measured:
        say("no cell holds a number of ours, so there was nothing to compare with", console, "yellow")
        raise typer.Exit(INPUT_ERROR)


def _print_json(found: ManuscriptCheck) -> None:
    from dataclasses import asdict

    print_json(asdict(found))


def _show(found: ManuscriptCheck) -> None:
    """One line each, `file:line: …`, as compilers print it, so that editors jump there."""
    for finding in found.findings:
        stored = f", stored is {finding.stored}" if finding.stored else ""
        typer.echo(printable(f"{finding.file}:{finding.line}: {finding.typed}{stored}: {finding.why}"))


def _conclusion(found: ManuscriptCheck) -> str:
    typed = len(found.agreements)
    told = [
        f"{found.bound} bound",
        f"{typed} typed and as stored",
        f"{len(found.findings)} that disagree{'s' if len(found.findings) == 1 else ''}",
    ]
    rest = f"; {found.passed_over} not looked at, as nothing says that they are scores (--all does)"
    return f"numbers: {', '.join(told)}{rest if found.passed_over else ''}"
