"""The table as GitHub-flavoured Markdown."""

from __future__ import annotations

import re

from reports.cells import Cell, Table
from reports.render import wording
from reports.render.math_label import split_label
from reports.render.plain_text import one_line

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~$&]|^[-+=#]|(?<=^\d)[.)]|:(?=//)|(?<=www)\.)")
"""What means something anywhere, what does at the start of a line, and what makes bare addresses links."""


def render(table: Table) -> str:
    """Heading, scale note, table, footnotes and the commands that fill what is missing."""
    blocks = [f"### {escape(wording.heading(table))}"]
    if table.scale_note:
        blocks.append(f"> {escape(table.scale_note)}")
    blocks.append(_grid(table))
    if table.footnotes:
        blocks.append("\n".join(f"- {escape(note)}" for note in table.footnotes))
    if table.commands:
        blocks.append("To fill what is missing:")
        blocks.append("\n".join(f"    {one_line(command)}" for command in table.commands))
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Plain text as Markdown that shows exactly this text; HTML, links and table pipes included."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def _label(label: str) -> str:
    return "".join(f"${part.text}$" if part.is_math else escape(part.text) for part in split_label(label))


def _grid(table: Table) -> str:
    names = [f"{column.task.upper()} {wording.METRIC_LABELS[column.metric]}" for column in table.columns]
    lines = [
        [_label(table.row_header), *names],
        [":---", *("---:" for _ in table.columns)],
        *([_label(row.label), *map(_cell, row.cells)] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: Cell) -> str:
    value = wording.measured(cell)
    if cell.best:
        value = f"**{value}**"
    elif cell.summary is None:
        value = f"*{value}*"
    details = [text for text in (wording.seeds(cell), wording.official(cell), wording.reported(cell)) if text]
    return value + "".join(f"<br><sub>{text}</sub>" for text in details)
