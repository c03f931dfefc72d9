r"""The `tabular` of a table: heads over spans, groups under rules, what is measured over what is reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from reports.render.latex_text import citation, escape, label
from reports.render.layers import Entry, Layer, LayersOf
from reports.render.layout import Head, Line, grid
from reports.render.math_label import in_unicode
from reports.tables.cells import Table

GAP_WIDTH = 2
"""Characters that the space between two columns takes."""


class Tabular:
    """A table with its lines taken apart.

    Args:
        table: of any kind.
        layers_of: what a line prints one below the other.
    """

    def __init__(self, table: Table, layers_of: LayersOf) -> None:
        self._grid = grid(table)
        self._body = [(line, layers_of(line.cells)) for line in self._grid.lines]
        self._has_kinds = any(layer.kind for _, stack in self._body for layer in stack)
        self._leading = 1 + self._grid.lines_have_inner + self._has_kinds

    @property
    def width(self) -> int:
        """About how many characters it is wide."""
        columns = zip(*self._texts(), strict=True)
        return sum(max(map(len, column)) + GAP_WIDTH for column in columns)

    def lines(self) -> Iterator[str]:
        """From `begin` to `end`."""
        yield rf"\begin{{tabular}}{{@{{}}{'l' * self._leading}{'c' * len(self._grid.columns)}@{{}}}}"
        yield r"  \toprule"
        yield from (f"  {line}" for line in self._header())
        yield r"  \midrule"
        above: tuple[Line, list[Layer]] | None = None
        for line, stack in self._body:
            yield from (f"  {text}" for text in self._separation(line, stack, above))
            yield from (f"  {text}" for text in self._line(line, stack))
            above = line, stack
        yield r"  \bottomrule"
        yield r"\end{tabular}"

    def _lead(self, outer: str, inner: str, kind: str) -> list[str]:
        """The columns in front of the numbers."""
        inners, kinds = [inner] if self._grid.lines_have_inner else [], [kind] if self._has_kinds else []
        return [outer, *inners, *kinds]

    def _texts(self) -> Iterator[list[str]]:
        """The lines without their typesetting; words that stand for several cells take no more room than these."""
        columns = self._grid.columns
        for outer, inner in (self._grid.line_names, self._grid.column_names):
            yield self._lead(in_unicode(outer), in_unicode(inner), "") + [in_unicode(head.inner) for head in columns]
        spans = ([span.head.outer, *[""] * (span.width - 1)] for span in self._grid.spans)
        yield self._lead("", "", "") + [
            text if len(span) == 1 else "" for span in spans for text in map(in_unicode, span)
        ]
        for line, stack in self._body:
            key = "" if line.head.cite is None else f" [{line.head.cite.key}]"
            outer, inner = in_unicode(line.head.outer) + key, in_unicode(line.head.inner)
            yield from ([*self._lead(outer, inner, layer.kind), *map(_text, layer.entries)] for layer in stack)

    def _header(self) -> Iterator[str]:
        (line_outer, line_inner), (over_outer, over_inner) = self._grid.line_names, self._grid.column_names
        has_outer, has_inner = (any(getattr(head, part) for head in self._grid.columns) for part in ("outer", "inner"))
        if has_outer:
            outer, inner = (over_outer, "") if has_inner else (line_outer or over_outer, line_inner)
            yield _row([*self._lead(label(outer), label(inner), ""), *self._spans()])
        if has_outer and has_inner:
            yield " ".join(self._rules())
        if has_inner:
            inners = [_styled(label(head.inner), is_italic=head.is_published) for head in self._grid.columns]
            yield _row([*self._lead(label(line_outer or over_inner), label(line_inner), ""), *inners])

    def _spans(self) -> Iterator[str]:
        for span in self._grid.spans:
            text = _outer(span.head)
            yield text if span.width == 1 else rf"\multicolumn{{{span.width}}}{{c}}{{{text}}}"

    def _rules(self) -> Iterator[str]:
        first = self._leading + 1
        for span in self._grid.spans:
            if span.head.outer:
                yield rf"\cmidrule(lr){{{first}-{first + span.width - 1}}}"
            first += span.width

    def _separation(self, line: Line, stack: Sequence[Layer], above: tuple[Line, list[Layer]] | None) -> Iterator[str]:
        if above is not None and line.head.group != above[0].head.group:
            yield r"\midrule"
        elif above is not None and (len(stack) > 1 or len(above[1]) > 1):
            yield r"\addlinespace"
        if line.starts_group:
            total = self._leading + len(self._grid.columns)
            yield _row([rf"\multicolumn{{{total}}}{{@{{}}l}}{{\textsc{{{label(line.head.group)}}}}}"])

    def _line(self, line: Line, stack: Sequence[Layer]) -> Iterator[str]:
        head = line.head
        outer = "" if line.repeats_outer else _outer(head)
        names = outer, _styled(label(head.inner), is_italic=head.is_published)
        for layer in stack:
            yield _row([*self._lead(*names, _kind(layer)), *_entries(layer)])
            names = "", ""


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _outer(head: Head) -> str:
    text = _styled(label(head.outer), is_italic=head.is_published)
    return text if head.cite is None else f"{text}~{citation(head.cite)}"


def _kind(layer: Layer) -> str:
    return _styled(escape(layer.kind), is_italic=layer.kind == "reported")


def _entries(layer: Layer) -> Iterator[str]:
    """A word that stands for several cells side by side is printed once."""
    for (text, is_number), group in groupby(layer.entries, key=lambda entry: (entry.text, entry.is_number)):
        entries = list(group)
        if is_number or len(entries) == 1:
            yield from map(_entry, entries)
        else:
            yield rf"\multicolumn{{{len(entries)}}}{{c}}{{{_styled(escape(text), is_italic=True)}}}"


def _text(entry: Entry) -> str:
    return f"{entry.text}{entry.mark} {entry.note}".strip() if entry.is_number else ""


def _entry(entry: Entry) -> str:
    text = _styled(escape(entry.text), is_italic=not (entry.is_ours and entry.is_number), is_bold=entry.is_best)
    text = rf"\underline{{{text}}}" if entry.is_second else text
    mark = rf"\textsuperscript{{{escape(entry.mark)}}}" if entry.mark else ""
    note = rf" {{\scriptsize {escape(entry.note)}}}" if entry.note else ""
    return text + mark + note


def _styled(text: str, *, is_italic: bool, is_bold: bool = False) -> str:
    if is_italic and text:
        text = rf"\textit{{{text}}}"
    return rf"\textbf{{{text}}}" if is_bold else text
