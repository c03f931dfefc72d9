"""The option `--json` of verbs that print a table: the same for programs, as one document on standard output."""

from __future__ import annotations

from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def print_json(document: Any) -> None:
    """Prints a document; whatever else is said belongs on standard error."""
    import json

    typer.echo(json.dumps(document, indent=1))
