"""Prints untrusted text, such as names in data, without letting it control the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def printable(text: str) -> str:
    """The text with control characters, line breaks included, as escapes: they would command the terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def say(text: str, console: Console, style: str = "") -> None:
    """Prints one line as it is: nothing in it is a command, markup, an emoji's name or a place to break the line."""
    console.print(printable(text), style=style, soft_wrap=True, markup=False, emoji=False, highlight=False)
