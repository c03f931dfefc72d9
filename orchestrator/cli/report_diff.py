"""`combo report diff`: two trials, experiments or moments side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, StorageOption
from orchestrator.cli.json_output import JsonOption, print_json
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import ViewScaleOption, choose_view


def diff(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A trial key, an experiment (PAPER/table7), a table (PAPER/7), a search (search/NAME), or a "
            "date (2026-11-01).",
        ),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="What it is compared with, of the same kind.")],
    assigned: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE...]", help="Settings laid over both, such as seeds=[0,1,2]."),
    ] = None,
    of: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EXPERIMENT",
            help="Whose table is compared between two dates; give it again for more.  [default: all of them]",
            show_default=False,
        ),
    ] = None,
    scale: ViewScaleOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write the comparison as Markdown, too.", dir_okay=False)
    ] = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs in settings beside what differs in scores, and whether other clips might change that.

    Rows of two experiments belong together where the fewest settings differ. Scores under different protocols or on
    different data are not compared. As of a date, only results count that were finished by the end of its day, UTC.
    """
    from rich.console import Console

    from experiments.atomic_write import write_atomic
    from experiments.overrides import parse_assignments
    from orchestrator.cli.sweep_table import TABLE_WIDTH
    from orchestrator.report_inputs.compared_trials import Sides
    from orchestrator.store.store import Store
    from reports.render.blocks import as_document, in_markdown, on_terminal
    from reports.stored.results import read_results

    console = Console(highlight=False, width=max(Console().width, TABLE_WIDTH), stderr=as_json)
    view = choose_view([a, b, *(of or [])], scale, storage, data)
    settings = view.settings
    laid_over = parse_assignments(assigned or [])
    with console.status("Comparing"):
        Store(settings.storage).refresh_all()
        results = read_results(settings.storage.root, settings.storage.cache)
        blocks = Sides(a, b, of or [], view.scale, laid_over, settings, data is not None).blocks(results)
    view.say_remark(console)
    if as_json:
        print_json(as_document(blocks))
    else:
        console.print(on_terminal(blocks))
    if out is not None:
        write_atomic(out, in_markdown(blocks).encode())
        say(f"written to {out}", console)
