"""Rows of methods that a table compares with: what their papers report, visibly not ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.reported import Column, PublishedRow, published_rows
from experiments.schema import Experiment
from reports.tables.cells import Cell, Row


def rows_of_others(experiment: Experiment, columns: Sequence[Column]) -> Iterator[Row]:
    """The published rows of an experiment's table, in the order of its file."""
    table = experiment.table
    for group in table.published:
        for method in group.methods:
            for published in published_rows(experiment.paper, table.number, method, columns):
                yield _row(published, columns, group.label, has_side=table.side_header is not None)


def _row(published: PublishedRow, columns: Sequence[Column], group: str, *, has_side: bool) -> Row:
    name = "/".join(filter(None, (published.method, published.backbone, published.variant)))
    cells = tuple(Cell(name, column, "published", reported=published.values.get(column)) for column in columns)
    apart = published.variant or published.backbone
    label = published.method if has_side or not apart else f"{published.method}, {apart}"
    return Row(name, label, cells, apart if has_side else "", group, published.cite)
