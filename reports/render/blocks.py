"""Short reports of sentences and simple tables, on the terminal, as Markdown, for programs.

All texts are shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.render.markdown import escape
from reports.render.plain_text import one_line


@dataclass(frozen=True)
class Heading:
    """What comes next."""

    text: str


@dataclass(frozen=True)
class Sentence:
    """A line by itself."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True)
class Grid:
    """A simple table."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    """Lines within a text are kept apart."""
    numbers: frozenset[str] = frozenset()
    """Columns that hold numbers, which are set to the right."""


Block: TypeAlias = Heading | Sentence | Grid


def on_terminal(blocks: Iterable[Block]) -> RenderableType:
    """As a Rich renderable."""
    return Group(*map(_renderable, blocks))


def in_markdown(blocks: Iterable[Block]) -> str:
    """As GitHub-flavoured Markdown."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def as_document(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """For programs: each block as a mapping that says what it is."""
    return [{"kind": type(block).__name__.lower(), **_plain(asdict(block))} for block in blocks]


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Values that JSON knows."""
    return {key: sorted(value) if isinstance(value, frozenset) else value for key, value in fields.items()}


def _renderable(block: Block) -> RenderableType:
    match block:
        case Heading():
            return Text(one_line(block.text), style="bold")
        case Sentence():
            return Text(one_line(block.text), style="yellow" if block.is_warning else "")
        case Grid():
            table = Table(header_style="bold", pad_edge=False, show_edge=False)
            for column in block.columns:
                table.add_column(column, justify="right" if column in block.numbers else "left", overflow="fold")
            for row in block.rows:
                table.add_row(*(Text("\n".join(map(one_line, text.split("\n")))) for text in row))
            return Padding(table, (1, 0))


def _markdown(block: Block) -> str:
    match block:
        case Heading():
            return f"### {escape(block.text)}"
        case Sentence():
            return f"> {escape(block.text)}" if block.is_warning else escape(block.text)
        case Grid():
            rules = ["---:" if column in block.numbers else ":---" for column in block.columns]
            rows = [
                ["<br>".join(map(escape, text.split("\n"))) for text in row] for row in (block.columns, *block.rows)
            ]
            return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rules, *rows[1:]))
