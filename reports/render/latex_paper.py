r"""The table as papers print it, to `\input`: one line a row, and a note of one sentence behind the caption."""

from __future__ import annotations

from reports.render.latex_float import Float, float_lines
from reports.render.latex_tabular import Tabular
from reports.render.latex_text import escape
from reports.render.paper_lines import caption_note, paper_layers
from reports.tables.cells import Table


def render(table: Table, name: str, style: Float) -> str:
    r"""The `table` environment, labelled `tab:<name>`; its first line says which packages its document needs.

    Args:
        table: of any kind.
        name: of its file, without ending.
        style: how it stands on its page.
    """
    caption, note = escape(table.caption), escape(caption_note(table))
    told = f"[{{{caption}}}]{{{caption} {note}}}" if note else f"{{{caption}}}"
    lines = float_lines(style, Tabular(table, paper_layers(table)), told, f"tab:{name}")
    return "\n".join(lines) + "\n"
