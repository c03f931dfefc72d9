"""`combo schema`: JSON schemas of our YAML files, by which editors complete and check them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.plain_text import say

if TYPE_CHECKING:
    from pydantic import BaseModel


def schema(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="Of the file: paper, experiment, search, preset, scale, reported, figures, settings or profile.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write those of all kinds into a folder, as KIND.json."),
    ] = None,
) -> None:
    """Print the JSON schema of a kind of YAML file, or write those of all kinds.

    Settings are those of all models that can be used here, so make them again once a package brings another model.
    An editor with a YAML language server reads the line `# yaml-language-server: $schema=DIR/KIND.json`.
    """
    from rich.console import Console

    from experiments.atomic_write import write_atomic
    from experiments.errors import InputError, Problem, did_you_mean
    from experiments.json_schemas import json_text

    known = kinds()
    if (kind is None) == (out is None):
        raise InputError(Problem("command line", "names neither or both of a kind and --out", "name one of them"))
    if kind is not None and kind not in known:
        raise InputError(Problem(kind, "is no kind of YAML file", did_you_mean(kind, list(known))))
    if kind is not None:
        typer.echo(json_text(known[kind]), nl=False)
    if out is not None:
        for name, model in known.items():
            write_atomic(out / f"{name}.json", json_text(model))
        say(f"{out}: {len(known)} schemas", Console(highlight=False))


def kinds() -> dict[str, type[BaseModel]]:
    """Kinds of YAML files, and what reads them."""
    from experiments.json_schemas import KINDS
    from orchestrator.profiles.profile import Profile

    return {**KINDS, "profile": Profile}
