r"""The table as LaTeX with booktabs: a file to `\input`, and a document that shows it alone."""

from __future__ import annotations

import re
from itertools import groupby

from reports.cells import Cell, Table
from reports.render import wording
from reports.render.math_label import split_label
from reports.render.plain_text import one_line
from reports.render.symbols import SYMBOLS

_ESCAPES = {
    **{character: f"\\{character}" for character in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "*": "{*}",
    "−": "$-$",
    "²": "$^2$",
    "→": r"$\rightarrow$",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    **{symbol: rf"$\{name}$" for name, symbol in SYMBOLS.items()},
}
"""Brackets and stars are guarded because a row break before them would take them for its own."""
_LIGATURE = re.compile(r"([-,'])(?=\1)")
_LATIN = re.compile(r"[ -~¡-ſ–—‘’…]")
"""What the T1 encoding can print; other characters are shown by their code point."""


def escape(text: str) -> str:
    """Plain text as LaTeX that prints exactly this text under any engine."""
    escaped = "".join(_ESCAPES.get(character) or _printable(character) for character in one_line(text))
    return _LIGATURE.sub(r"\1{}", escaped)


def render(table: Table, name: str) -> str:
    r"""The `table` environment, labelled `tab:<name>`; its document needs `booktabs` and the T1 font encoding."""
    lines = [
        r"% Needs \usepackage{booktabs} and \usepackage[T1]{fontenc}.",
        r"\begin{table}[tb]",
        r"  \centering",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{tab:{name}}}",
        rf"  \begin{{tabular}}{{ll{'c' * len(table.columns)}}}",
        r"    \toprule",
        *_header(table),
        r"    \midrule",
        *_body(table),
        r"    \bottomrule",
        r"  \end{tabular}",
        *_notes(table),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def render_standalone(table: Table, name: str) -> str:
    r"""A document that inputs `<name>.tex` from its own folder."""
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage[utf8]{inputenc}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{booktabs}",
            r"\pagestyle{empty}",
            rf"\renewcommand{{\thetable}}{{{escape(table.number)}}}",
            r"\begin{document}",
            rf"\input{{{name}.tex}}",
            r"\end{document}",
            "",
        ]
    )


def _printable(character: str) -> str:
    return character if _LATIN.fullmatch(character) else f"[U+{ord(character):04X}]"


def _label(label: str) -> str:
    return "".join(f"${part.text}$" if part.is_math else escape(part.text) for part in split_label(label))


def _header(table: Table) -> list[str]:
    spans, rules, first = [], [], 3
    for task, group in groupby(table.columns, key=lambda column: column.task):
        width = len(list(group))
        spans.append(rf"\multicolumn{{{width}}}{{c}}{{{task.upper()}}}")
        rules.append(rf"\cmidrule(lr){{{first}-{first + width - 1}}}")
        first += width
    metrics = [wording.METRIC_LABELS[column.metric] for column in table.columns]
    return [
        f"    & & {' & '.join(spans)} \\\\",
        f"    {' '.join(rules)}",
        f"    {_label(table.row_header)} & & {' & '.join(metrics)} \\\\",
    ]


def _body(table: Table) -> list[str]:
    lines: list[str] = []
    for row in table.rows:
        if lines:
            lines.append(r"    \addlinespace")
        lines.append(f"    {_label(row.label)} & measured & {' & '.join(map(_measured, row.cells))} \\\\")
        if any(cell.official for cell in row.cells):
            lines.append(f"    & official & {' & '.join(map(_official, row.cells))} \\\\")
        if any(cell.reported for cell in row.cells):
            lines.append(f"    & \\textit{{reported}} & {' & '.join(map(_reported, row.cells))} \\\\")
    return lines


def _measured(cell: Cell) -> str:
    text = escape(wording.measured(cell))
    if cell.summary is None:
        return rf"\textit{{{text}}}"
    seeds = wording.seeds(cell)
    value = rf"\textbf{{{text}}}" if cell.best else text
    return value + (rf" {{\footnotesize ({escape(seeds)})}}" if seeds else "")


def _official(cell: Cell) -> str:
    return "" if cell.official is None else wording.percent(cell.official.percent)


def _reported(cell: Cell) -> str:
    if cell.reported is None:
        return ""
    delta = "" if cell.delta is None else f" ({escape(wording.difference(cell.delta))})"
    return rf"\textit{{{wording.percent(cell.reported.percent)}}}{delta}"


def _notes(table: Table) -> list[str]:
    notes = [note for note in (table.scale_note, *table.footnotes) if note]
    if not notes:
        return []
    return [
        r"  \par\medskip",
        r"  \begin{minipage}{0.95\linewidth}",
        r"    \footnotesize",
        *(rf"    {escape(note)}\par" for note in notes),
        r"  \end{minipage}",
    ]
