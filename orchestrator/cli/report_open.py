"""`combo report open`: a built site in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.report_build import DEFAULT_OUT

PAGE = "index.html"


def open_site(
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
