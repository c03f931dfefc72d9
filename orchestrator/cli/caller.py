"""How `combo` was called, so that the commands it prints work when they are pasted."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import typer

from experiments.printed_commands import Caller


def caller(context: typer.Context, storage: str | None = None, data: Path | None = None) -> Caller:
    """The caller of this command.

    Args:
        context: of the command.
        storage: `--storage` as it was given.
        data: `--data` as it was given, or found.
    """
    places = {"--data": None if data is None else str(data), "--storage": storage}
    options = [word for name, value in places.items() if value is not None for word in (name, value)]
    return Caller((_program(), *_profile(context)), tuple(options))


def _program() -> str:
    called = Path(sys.argv[0])
    if called.name == "__main__.py" or shutil.which(called.name):
        return "combo"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


def _profile(context: typer.Context) -> list[str]:
    """`--profile` if it was typed: one that the environment names, or that is in use, holds for what is pasted too."""
    root = context.find_root()
    source = root.get_parameter_source("profile")
    return ["--profile", root.params["profile"]] if source is not None and source.name == "COMMANDLINE" else []
