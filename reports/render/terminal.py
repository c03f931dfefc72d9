"""The table on a terminal, as a Rich renderable."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from reports.cells import Cell, Table
from reports.render import wording
from reports.render.math_label import in_unicode
from reports.render.plain_text import one_line


def render(table: Table) -> RenderableType:
    """Heading, scale note, table, footnotes and the commands that fill what is missing; no markup is interpreted."""
    grid = Grid(header_style="bold", row_styles=["", ""], pad_edge=False, show_edge=False, show_lines=True)
    grid.add_column(Text(in_unicode(table.row_header)), no_wrap=False)
    for column in table.columns:
        grid.add_column(Text(wording.column_name(column)), justify="right")
    for row in table.rows:
        grid.add_row(Text(in_unicode(row.label), style="bold"), *map(_cell, row.cells))
    parts: list[RenderableType] = [Text(wording.heading(table), style="bold")]
    if table.scale_note:
        parts.append(Text(one_line(table.scale_note), style="yellow"))
    parts.append(Padding(grid, (1, 0)))
    parts += [Text(one_line(note), style="dim") for note in table.footnotes]
    parts += [Text.assemble(("To fill what is missing: ", "dim"), one_line(command)) for command in table.commands]
    return Group(*parts)


def _cell(cell: Cell) -> Text:
    style = "bold green" if cell.best else "" if cell.summary is not None else "dim italic"
    details = (wording.seeds(cell), wording.official(cell), wording.reported(cell))
    lines = [(wording.measured(cell), style), *((text, "dim") for text in details)]
    return Text("\n").join(Text(text, style=style) for text, style in lines if text)
