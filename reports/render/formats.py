"""Every table of a report in every format."""

from __future__ import annotations

from collections.abc import Mapping

from reports.render import csv_file, json_file, latex, latex_documents, markdown, parquet_file
from reports.tables.cells import Table

COLLECTION = "tables.tex"
"""Shows all tables of a report."""


def table_files(tables: Mapping[str, Table]) -> dict[str, str | bytes]:
    """The tables' files, which all belong into one folder, by name.

    Args:
        tables: by the name of their files, without ending.
    """
    files: dict[str, str | bytes] = {}
    for name, table in tables.items():
        files |= {
            f"{name}.md": markdown.render(table),
            f"{name}.tex": latex.render(table, name),
            f"{name}_standalone.tex": latex_documents.render_standalone(table, name),
            f"{name}.csv": csv_file.render(table),
            f"{name}.parquet": parquet_file.render(table),
            f"{name}.json": json_file.render(table),
        }
    return {**files, COLLECTION: latex_documents.render_collection(tables)}
