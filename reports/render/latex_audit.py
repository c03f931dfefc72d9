r"""The table with all that is known of its numbers, as LaTeX for a supplement: several lines a row, notes below."""

from __future__ import annotations

from collections.abc import Iterator

from reports.render.latex_float import TWO_COLUMN, float_lines
from reports.render.latex_tabular import Tabular
from reports.render.latex_text import escape, label
from reports.render.layers import layers
from reports.render.reasons import reasons
from reports.tables.cells import Table


def render(table: Table, name: str) -> str:
    r"""The `table` environment, labelled `tab:<name>-audit`; its first line says which packages its document needs."""
    caption = f"{{{escape(table.caption)}}}"
    lines = float_lines(TWO_COLUMN, Tabular(table, layers), caption, f"tab:{name}-audit", list(_notes(table)))
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
