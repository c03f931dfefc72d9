"""The table as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from reports.render import wording
from reports.render.layout import Grid, Head, Line, grid
from reports.render.math_label import split_label
from reports.render.plain_text import one_line
from reports.render.reasons import reasons
from reports.tables.cells import Cell, Table

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~$&]|^[-+=#]|(?<=^\d)[.)]|:(?=//)|(?<=www)\.)")
"""What means something anywhere, what does at the start of a line, and what makes bare addresses links."""


def render(table: Table) -> str:
    """Heading, scale note, table, footnotes, why cells are no numbers, and the commands that fill what is missing."""
    blocks = [f"### {escape(wording.heading(table))}"]
    if table.scale_note:
        blocks.append(f"> {escape(table.scale_note)}")
    blocks.append(table_text(grid(table), lambda line: map(_cell, line.cells)))
    notes = [escape(note) for note in table.footnotes]
    notes += [
        f"{escape(reason.word.capitalize())}, {_label(reason.where)}: {escape(reason.why)}" for reason in reasons(table)
    ]
    if notes:
        blocks.append("\n".join(f"- {note}" for note in notes))
    for remedy in table.remedies:
        told = escape(remedy.told)
        blocks += [f"{told}:", f"    {one_line(remedy.command)}"] if remedy.command else [f"{told}."]
    return "\n\n".join(blocks) + "\n"


def table_text(printed: Grid, cells_of: Callable[[Line], Iterable[str]]) -> str:
    """The table alone.

    Args:
        printed: the table.
        cells_of: what stands in the cells of a line, as Markdown.
    """
    return "\n".join(f"| {' | '.join(line)} |" for line in _lines(printed, cells_of))


def escape(text: str) -> str:
    """Plain text as Markdown that shows exactly this text; HTML, links and table pipes included."""
    return _escaped(one_line(text))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _label(label: str) -> str:
    return "".join(f"${part.text}$" if part.is_math else _escaped(part.text) for part in split_label(label))


def _lines(printed: Grid, cells_of: Callable[[Line], Iterable[str]]) -> Iterator[list[str]]:
    """Heads of columns stand in one piece, as Markdown knows no spans."""
    has_inner = printed.lines_have_inner
    names = [name for name in printed.line_names if name] or [", ".join(filter(None, printed.column_names))]
    leading = 1 + has_inner
    yield [*[_label(name) for name in names][:leading], *[""] * (leading - len(names)), *map(_column, printed.columns)]
    yield [*[":---"] * leading, *["---:"] * len(printed.columns)]
    for line in printed.lines:
        if line.starts_group:
            yield [f"**{_label(line.head.group)}**", *[""] * (leading - 1 + len(printed.columns))]
        inner = [_italic(line.head, _label(line.head.inner))] if has_inner else []
        yield [_outer(line), *inner, *cells_of(line)]


def _column(head: Head) -> str:
    return _cited(head, _italic(head, _label(head.name)))


def _outer(line: Line) -> str:
    return "" if line.repeats_outer else _cited(line.head, _italic(line.head, _label(line.head.outer)))


def _italic(head: Head, text: str) -> str:
    return f"*{text}*" if head.is_published and text else text


def _cited(head: Head, text: str) -> str:
    return text if head.cite is None else f"{text} {escape(f'[{head.cite.key}]')}"


def _cell(cell: Cell) -> str:
    if cell.state == "published":
        value = f"*{wording.reported_number(cell)}*"
        return f"**{value}**" if cell.best_reported else value
    if cell.state == "setting":
        return _with_details(escape(cell.text), [_paper(wording.other_setting(cell))])
    value = wording.measured(cell)
    if cell.best:
        value = f"**{value}**"
    elif cell.summary is None:
        value = f"*{value}*"
    value = " ".join(filter(None, (value + wording.dagger(cell), wording.gain(cell))))
    return _with_details(value, [escape(wording.certainty(cell)), wording.imported(cell), _reported(cell)])


def _reported(cell: Cell) -> str:
    """The paper's bold stays bold."""
    text = wording.reported(cell)
    number = wording.reported_number(cell)
    return text.replace(number, f"**{number}**", 1) if cell.best_reported else text


def _paper(setting: str) -> str:
    return f"paper {escape(setting)}" if setting else ""


def _with_details(value: str, details: list[str]) -> str:
    return value + "".join(f"<br><sub>{text}</sub>" for text in details if text)
