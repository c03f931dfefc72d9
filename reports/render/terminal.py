"""The table on a terminal, as a Rich renderable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from reports.render import wording
from reports.render.layout import Grid, Head, Line, grid
from reports.render.math_label import in_unicode
from reports.render.plain_text import one_line
from reports.render.reasons import reasons
from reports.tables.cells import Cell, Table

DIM = "dim"


def render(table: Table) -> RenderableType:
    """Heading, scale note, table, footnotes, and why cells are no numbers; no markup is interpreted."""
    parts: list[RenderableType] = [Text(wording.heading(table), style="bold")]
    if table.scale_note:
        parts.append(Text(one_line(table.scale_note), style="yellow"))
    parts.append(Padding(_rich_table(grid(table)), (1, 0)))
    parts += [Text(one_line(note), style=DIM) for note in table.footnotes]
    for reason in reasons(table):
        where = f"{reason.word.capitalize()}, {in_unicode(reason.where)}: "
        parts.append(Text.assemble(where, (one_line(reason.why), DIM)))
    return Group(*parts)


def remedies(table: Table) -> list[str]:
    """What fills the cells that are not measured, a line each, to be printed without breaks: they are pasted."""
    return [one_line(f"{one.told}: {one.command}" if one.command else one.told) for one in table.remedies]


def overview(tables: Sequence[Table]) -> RenderableType:
    """A line for each table: how many of its cells are measured, and what the others are instead."""
    shown = RichTable(header_style="bold", pad_edge=False, show_edge=False)
    for name in ("Table", "Title"):
        shown.add_column(name, overflow="fold")
    shown.add_column("Measured", justify="right")
    shown.add_column("Otherwise")
    for table in tables:
        shown.add_row(Text(one_line(f"{table.paper} {table.number}")), Text(one_line(table.title)), *_tally(table))
    return shown


def _tally(table: Table) -> tuple[Text, Text]:
    counts = Counter(cell.state for cell in table.own_cells)
    if not counts:
        return Text("—", style=DIM), Text("nothing to measure", style=DIM)
    measured = counts.pop("measured", 0)
    others = ", ".join(f"{count} {wording.STATE_WORDS[state]}" for state, count in counts.items())
    return Text(f"{measured}/{len(table.own_cells)}", style="" if counts else "green"), Text(others, style=DIM)


def _rich_table(printed: Grid) -> RichTable:
    shown = RichTable(header_style="bold", pad_edge=False, show_edge=False)
    line_names = [name for name in printed.line_names if name] or [", ".join(filter(None, printed.column_names))]
    leading = 1 + printed.lines_have_inner
    for name in [*line_names, ""][:leading]:
        shown.add_column(Text(in_unicode(name)), overflow="fold")
    for head in printed.columns:
        shown.add_column(_named(head, head.name), justify="right")
    for index, line in enumerate(printed.lines):
        if index and not _follows(line, printed.lines[index - 1]):
            shown.add_section()
        if line.starts_group:
            shown.add_row(Text(in_unicode(line.head.group), style="bold"))
        shown.add_row(*_names(line)[:leading], *map(_cell, line.cells))
    return shown


def _follows(line: Line, above: Line) -> bool:
    """Whether a line of one row stands under another without a rule between them."""
    is_short = all(cell.state in ("published", "setting") for cell in line.cells)
    return is_short and line.head.group == above.head.group


def _names(line: Line) -> list[Text]:
    outer = Text() if line.repeats_outer else _named(line.head, line.head.outer)
    return [outer, Text(in_unicode(line.head.inner), style=_style(line.head))]


def _named(head: Head, label: str) -> Text:
    """A name with the key of its source."""
    text = Text(in_unicode(label), style=_style(head))
    return text if head.cite is None else Text.assemble(text, (f" [{one_line(head.cite.key)}]", DIM))


def _style(head: Head) -> str:
    return "italic" if head.is_published else "bold"


def _cell(cell: Cell) -> Text:
    return Text("\n").join(Text(text, style=style) for text, style in _styled_lines(cell) if text)


def _styled_lines(cell: Cell) -> list[tuple[str, str]]:
    if cell.state == "published":
        return [(wording.reported_number(cell), "bold italic" if cell.best_reported else "italic")]
    if cell.state == "setting":
        printed = wording.other_setting(cell)
        return [(one_line(cell.text), ""), (f"paper {printed}" if printed else "", DIM)]
    style = "bold green" if cell.best else "" if cell.summary is not None else "dim italic"
    value = " ".join(filter(None, (wording.measured(cell) + wording.dagger(cell), wording.gain(cell))))
    reported = f"paper {wording.reported_number(cell)}" if cell.reported is not None else ""
    delta = f"Δ {wording.delta(cell)}" if cell.delta is not None else ""
    return [
        (value, style),
        *((text, DIM) for text in (wording.certainty(cell), wording.imported(cell), reported, delta)),
    ]
