"""The table as papers print it, as Markdown for a README."""

from __future__ import annotations

from reports.render import wording
from reports.render.layers import Entry
from reports.render.layout import grid
from reports.render.markdown import escape, table_text
from reports.render.paper_lines import caption_note, paper_layers
from reports.tables.cells import Table


def render(table: Table) -> str:
    """Heading, table and note; GitHub shows `<ins>` as an underline."""
    layers_of = paper_layers(table)
    shown = table_text(grid(table), lambda line: map(_entry, layers_of(line.cells)[0].entries))
    blocks = [f"**{escape(wording.heading(table))}**", shown]
    if note := caption_note(table):
        blocks.append(f"<sub>{escape(note)}</sub>")
    return "\n\n".join(blocks) + "\n"


def _entry(entry: Entry) -> str:
    text = escape(entry.text)
    if not entry.is_ours and text:
        text = f"*{text}*"
    if entry.is_best:
        text = f"**{text}**"
    if entry.is_second:
        text = f"<ins>{text}</ins>"
    return f"{text}{entry.mark} {escape(entry.note)}".strip()
