"""A table in the papers' own style: one line a row, with what is measured here or, of others, what is reported."""

from __future__ import annotations

from collections.abc import Sequence

from reports.render import wording
from reports.render.layers import Entry, Layer, LayersOf, layers
from reports.render.math_label import in_unicode
from reports.tables.cells import Cell, Table
from reports.tables.ranking import BEST, SECOND, standings


def paper_layers(table: Table) -> LayersOf:
    """What the lines of a table print, one layer each; the best and second best are those of all lines shown."""
    places = standings(table)

    def of_line(cells: Sequence[Cell]) -> list[Layer]:
        if all(cell.state == "setting" for cell in cells):
            return layers(cells)[:1]
        return [Layer("", tuple(_entry(cell, places.get((cell.row, cell.column))) for cell in cells))]

    return of_line


def _entry(cell: Cell, place: int | None) -> Entry:
    is_best, is_second = place == BEST, place == SECOND
    if cell.state == "published":
        return Entry(wording.reported_number(cell), is_best=is_best, is_second=is_second, is_ours=False)
    if cell.summary is None:
        return Entry(wording.NOT_PRINTED)
    text, mark, note = wording.measured(cell), wording.dagger(cell), wording.gain(cell)
    return Entry(text, mark, note, is_best=is_best, is_second=is_second)


def caption_note(table: Table) -> str:
    """What a reader must know of the signs of such a table, in one paragraph; empty where all goes without saying."""
    clauses = [clause for clause in (_spread(table), *_signs(table)) if clause]
    told = "; ".join(clauses)
    note = f"{told[0].upper()}{told[1:]}." if told else ""
    return " ".join(filter(None, (note, table.scale_note)))


def _spread(table: Table) -> str:
    numbers = sorted({cell.summary.n for cell in table.cells if cell.summary is not None})
    if not numbers:
        return ""
    if numbers == [1]:
        return "one seed"
    seeds = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
    return f"mean ± standard deviation over {seeds} seeds"


def _signs(table: Table) -> list[str]:
    cells, places = table.cells, standings(table).values()
    best = "best in bold" if BEST in places else ""
    second = ", second underlined" if SECOND in places else ""
    told = [best + second]
    if any(wording.dagger(cell) for cell in cells):
        asked = table.statistics
        labels = {row.name: in_unicode(wording.row_label(row)) for row in table.rows}
        baseline = labels.get(asked.baseline or "", asked.baseline)
        told.append(f"{wording.DAGGER} differs from “{baseline}” (paired permutation test, p < {asked.significance:g})")
    if any(cell.gain is not None for cell in cells):
        told.append("in brackets the gain over the best other method")
    if any(row.is_published for row in table.rows):
        told.append("italics as reported")
    if any(cell.is_ours and cell.summary is None for cell in cells):
        told.append(f"{wording.NOT_PRINTED} not measured")
    return told
