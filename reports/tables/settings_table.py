"""A table of settings: what our presets say beside what the paper prints."""

from __future__ import annotations

from experiments.references import references
from experiments.reported import Column, reported_setting
from experiments.scales import FULL
from experiments.schema import Statistics
from experiments.settings_tables import SettingRow, Settings
from reports.tables.cells import Cell, Row, Table
from reports.tables.footnotes import paper_remarks


def build_settings_table(settings: Settings) -> Table:
    """Every cell holds our setting, and the paper's own words beside it."""
    asked = settings.table
    columns = tuple(Column(task, "setting") for task in asked.tasks)
    rows = tuple(_row(settings, index, row, columns) for index, row in enumerate(asked.rows))
    return Table(
        experiment=settings.name,
        title=asked.title,
        paper=settings.paper.label,
        number=asked.number,
        caption=asked.caption,
        row_header=asked.row_header,
        side_header=None,
        variants_are="rows",
        scale=FULL,
        scale_note="",
        columns=columns,
        rows=rows,
        statistics=Statistics(),
        protocols=(),
        footnotes=(
            f"Settings of the preset {asked.preset}; below those that differ, what the paper prints.",
            *paper_remarks(settings.paper, asked.number),
        ),
        remedies=(),
        references=references(settings.paper),
    )


def _row(settings: Settings, index: int, asked: SettingRow, columns: tuple[Column, ...]) -> Row:
    name = f"setting-{index}"
    cells = []
    for column in columns:
        assert column.task is not None
        printed = reported_setting(settings.paper, settings.table.number, asked.reported, column.task)
        why = f"decided by {asked.built_in}" if asked.built_in else ""
        text = settings.values[column.task][index]
        cells.append(Cell(name, column, "setting", why=why, text=text, printed=printed or ""))
    return Row(name, asked.label, tuple(cells))
