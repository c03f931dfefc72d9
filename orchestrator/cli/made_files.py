"""Prints how many files a command made, and which it could not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli.plain_text import say

if TYPE_CHECKING:
    from rich.console import Console

    from model.data.output import Made

PROBLEMS = 20
"""Files that could not be made and are named; the others are counted."""


def show_made(what: str, made: Made, console: Console) -> None:
    """Prints each problem and one line of numbers; `what` begins that line."""
    for problem in made.problems[:PROBLEMS]:
        say(f"not made: {problem}", console, "red")
    if len(made.problems) > PROBLEMS:
        say(f"not made: {len(made.problems) - PROBLEMS} more", console, "red")
    numbers = f"{made.written} files written, {made.intact} were there already, {len(made.problems)} could not be made"
    say(f"{what}: {numbers}", console)
