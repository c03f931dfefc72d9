"""What the tables of a report cite, as BibTeX."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.reported_schema import Citation
from reports.render.latex_text import escape, is_key
from reports.tables.cells import Table


def render(tables: Iterable[Table]) -> str:
    """An entry for each citation, in the order of their keys; of what is not in the bibliography, what is known."""
    cited = {
        row.cite.key: table.references.get(row.cite.key) or _entry(row.cite)
        for table in tables
        for row in table.rows
        if row.cite is not None
    }
    return "\n\n".join(cited[key] for key in sorted(cited) if is_key(key)) + "\n"


def _entry(cite: Citation) -> str:
    """What is known of a publication that its paper's bibliography lacks."""
    fields = {"title": f"{{{escape(cite.key)}}}", "year": cite.year, "howpublished": cite.venue and escape(cite.venue)}
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{cite.key},\n{lines}\n}}"
