"""Every table of a report in every format."""

from __future__ import annotations

from collections.abc import Mapping

from reports.render import (
    bibliography,
    csv_file,
    html_slide,
    json_file,
    latex_audit,
    latex_documents,
    latex_numbers,
    latex_paper,
    markdown,
    markdown_paper,
    parquet_file,
)
from reports.render.latex_float import BOOKTABS, TWO_COLUMN
from reports.tables.cells import Table

COLLECTION = "tables.tex"
"""Shows all tables of a report as papers print them."""
SUPPLEMENT = "supplement.tex"
"""Shows all tables of a report with all that is known of their numbers."""

PASTED_STYLES = ("", "_cvpr", "_audit")
r"""What the names of a table's files end with that are there to be `\input`."""


def table_files(tables: Mapping[str, Table]) -> dict[str, str | bytes]:
    """The tables' files, which all belong into one folder, by name.

    Args:
        tables: by the name of their files, without ending.
    """
    files: dict[str, str | bytes] = {}
    for name, table in tables.items():
        files |= {
            f"{name}.md": markdown.render(table),
            f"{name}_readme.md": markdown_paper.render(table),
            f"{name}_slide.html": html_slide.render(table),
            f"{name}.tex": latex_paper.render(table, name, BOOKTABS),
            f"{name}_cvpr.tex": latex_paper.render(table, name, TWO_COLUMN),
            f"{name}_audit.tex": latex_audit.render(table, name),
            f"{name}_standalone.tex": latex_documents.render_standalone(table, name),
            f"{name}.csv": csv_file.render(table),
            f"{name}.parquet": parquet_file.render(table),
            f"{name}.json": json_file.render(table),
        }
    return {
        **files,
        COLLECTION: latex_documents.render_collection(tables, "_cvpr"),
        SUPPLEMENT: latex_documents.render_collection(tables, "_audit"),
        latex_numbers.FILE: latex_numbers.render(tables.values()),
        f"{latex_documents.BIBLIOGRAPHY}.bib": bibliography.render(tables.values()),
    }
