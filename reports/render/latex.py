r"""The table as LaTeX with booktabs: a file to `\input` into a paper of one or two columns."""

from __future__ import annotations

from collections.abc import Iterator

from reports.render.latex_tabular import Tabular
from reports.render.latex_text import escape, label
from reports.render.reasons import reasons
from reports.tables.cells import Table

COLUMN_WIDTH = 60
"""Characters of the table's type that a column of a two-column paper holds; wider tables take both columns."""


def render(table: Table, name: str) -> str:
    r"""The `table` environment, labelled `tab:<name>`; its first line says which packages its document needs.

    Where a table is wider than its page even so, it is shrunk to fit.
    """
    tabular = Tabular(table)
    environment = "table*" if tabular.width > COLUMN_WIDTH else "table"
    lines = [
        r"% Needs \usepackage{booktabs}, \usepackage{graphicx} and \usepackage[T1]{fontenc}.",
        rf"\begin{{{environment}}}[tbp]",
        r"  \centering",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{tab:{name}}}",
        r"  \footnotesize",
        r"  \setlength{\tabcolsep}{4pt}",
        r"  \sbox0{%",
        *(f"    {line}" for line in tabular.lines()),
        r"  }%",
        r"  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
        *_notes(table),
        rf"\end{{{environment}}}",
    ]
    return "\n".join(lines) + "\n"


def _notes(table: Table) -> Iterator[str]:
    """Footnotes in one paragraph, as there is little room, and a line for each reason why a cell has no number."""
    notes = [escape(note) for note in (table.scale_note, *table.footnotes) if note]
    told = [
        f"{escape(reason.word.capitalize())}, {label(reason.where)}: {escape(reason.why)}" for reason in reasons(table)
    ]
    if notes or told:
        yield r"  \par\smallskip"
        yield r"  \begin{minipage}{\linewidth}"
        yield r"    \scriptsize"
        yield from (f"    {note}" for note in notes)
        yield from (rf"    \par {reason}" for reason in told)
        yield r"  \end{minipage}"
