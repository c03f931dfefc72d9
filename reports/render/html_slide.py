"""The table as papers print it, as HTML that keeps its look when it is pasted into slides: every style is inline."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape

from reports.render import wording
from reports.render.html_text import label
from reports.render.layers import Entry, LayersOf
from reports.render.layout import Grid, Head, Line, grid
from reports.render.paper_lines import caption_note, paper_layers
from reports.render.plain_text import one_line
from reports.tables.cells import Table

_CELL = "padding:2px 10px;text-align:center"
_NAME = "padding:2px 10px;text-align:left"
_RULE = "border-top:1px solid"
_TABLE = "border-collapse:collapse;border-top:2px solid;border-bottom:2px solid"


def render(table: Table) -> str:
    """A page that holds the table and nothing else: select all, copy, paste."""
    printed = grid(table)
    title = escape(wording.heading(table))
    rows = (*_heads(printed), *(row for line in printed.lines for row in _rows(line, printed, paper_layers(table))))
    lines = (
        "<!doctype html>",
        Markup('<html lang="en"><head><meta charset="utf-8"><title>{}</title></head>').format(title),
        '<body style="font-family:Arial,sans-serif;font-size:14px">',
        Markup("<p><b>{}</b></p>").format(title),
        f'<table style="{_TABLE}">',
        *rows,
        "</table>",
        Markup('<p style="font-size:11px">{}</p>').format(one_line(caption_note(table))),
        "</body></html>",
    )
    return "\n".join(lines) + "\n"


def _heads(printed: Grid) -> Iterator[str]:
    """Tasks over their measures; in one line where the columns' names have one part only."""
    leading = 1 + printed.lines_have_inner
    names = [name for name in printed.line_names if name] or [", ".join(filter(None, printed.column_names))]
    corners = [_cell("th", _NAME, label(name)) for name in [*names, ""][:leading]]
    inner = [_cell("th", _CELL, _name(head, head.inner or head.outer)) for head in printed.columns]
    if any(head.outer and head.inner for head in printed.columns):
        spans = (_cell("th", _CELL, _name(span.head, span.head.outer), span.width) for span in printed.spans)
        yield _row([_cell("th", _NAME, Markup(), leading), *spans])
    yield _row([*corners, *inner])


def _rows(line: Line, printed: Grid, layers_of: LayersOf) -> Iterator[str]:
    head, leading = line.head, 1 + printed.lines_have_inner
    is_first = line is printed.lines[0]
    rule = f";{_RULE}" if is_first or line.starts_group else ""
    if line.starts_group:
        heading = Markup("<i>{}</i>").format(label(head.group))
        yield _row([_cell("td", _NAME + rule, heading, leading + len(printed.columns))])
        rule = ""
    names = [Markup() if line.repeats_outer else _name(head, head.outer), label(head.inner)][:leading]
    if not head.outer and leading == 1:
        names = [_name(head, head.inner)]
    cells = (_cell("td", _CELL + rule, _entry(entry)) for entry in layers_of(line.cells)[0].entries)
    yield _row([*(_cell("td", _NAME + rule, name) for name in names), *cells])


def _name(head: Head, text: str) -> Markup:
    shown = label(text)
    return shown if head.cite is None else Markup("{} [{}]").format(shown, one_line(head.cite.key))


def _row(cells: list[Markup]) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup().join(cells))


def _cell(tag: str, style: str, content: Markup, width: int = 1) -> Markup:
    span = Markup(' colspan="{}"').format(width) if width > 1 else ""
    return Markup('<{0} style="{1}"{2}>{3}</{0}>').format(Markup(tag), style, span, content)


def _entry(entry: Entry) -> Markup:
    text = escape(entry.text)
    for tag, is_meant in (("i", not entry.is_ours), ("u", entry.is_second), ("b", entry.is_best)):
        if is_meant and entry.text:
            text = Markup("<{0}>{1}</{0}>").format(Markup(tag), text)
    mark = Markup("<sup>{}</sup>").format(entry.mark) if entry.mark else ""
    note = Markup(" <small>{}</small>").format(entry.note) if entry.note else ""
    return Markup("{}{}{}").format(text, mark, note)
