"""`combo new`: a folder for a paper of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.plain_text import say


def new(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="PAPER", help="Folder to make; its name becomes the paper's.")],
) -> None:
    """Make a folder for a paper of your own, with a first experiment that runs.

    It holds the paper's title and citation, experiments, searches, presets, numbers of others and figures, and JSON
    schemas, with which editors complete and check these files.
    """
    from rich.console import Console

    from experiments.errors import InputError, Problem
    from experiments.new_paper import new_paper_files, paper_name
    from experiments.papers import paper_around, shown
    from model.atomic_writes import atomic_folder
    from orchestrator.cli.caller import caller

    name = paper_name(folder)
    if folder.exists():
        raise InputError(Problem(str(folder), "is there already", "name a new folder"))
    around = paper_around(folder.absolute().parent)
    if around is not None:
        raise InputError(Problem(str(folder), f"would lie in a paper's folder, {around.file}", "make it elsewhere"))
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    called = shown(folder.resolve())
    with atomic_folder(folder.absolute()) as draft:
        for place, content in new_paper_files(name, called).items():
            path = draft / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    console = Console(highlight=False)
    say(f"{called}: a paper with an experiment, a search, a preset, a figure and numbers of others", console)
    say("to try it on synthetic clips, in some minutes:", console)
    commands = caller(context)
    for verb, words, scale in (
        ("data synth", ["--subset", "s4", "--out", "data", "--clips", "24", "--size", "32"], "full"),
        ("run", [f"{called}/ablation.yaml"], "quick"),
        ("report build", [called], "quick"),
    ):
        say(f"  {commands.command(verb, words, scale)}", console)
