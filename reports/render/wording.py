"""How numbers and states read in every format: percent with one decimal, as the papers print them."""

from __future__ import annotations

from reports.cells import Cell, Column, State, Table
from reports.render.math_label import in_unicode
from reports.render.plain_text import one_line

METRIC_LABELS = {"m_j": "$M_J$", "m_f": "$M_F$"}
STATE_WORDS: dict[State, str] = {
    "measured": "measured",
    "unfinished": "unfinished",
    "unreadable": "unreadable",
    "mixed_protocol": "mixed protocols",
    "mixed_data": "mixed data",
    "not_run": "not run",
}


def percent(value: float) -> str:
    """A score in percent, such as `81.7`."""
    return f"{value:.1f}"


def difference(value: float) -> str:
    """Points with a sign and a true minus, such as `+0.3`, `−1.2` or `0.0`."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def measured(cell: Cell) -> str:
    """The measured side of a cell: `81.0`, `81.0 ± 0.3`, or what keeps it from being a number."""
    if cell.summary is None:
        return STATE_WORDS[cell.state]
    spread = "" if cell.summary.sd is None else f" ± {percent(cell.summary.sd)}"
    return percent(cell.summary.mean) + spread


def seeds(cell: Cell) -> str:
    """How many seeds are behind a value, `n 2/3`; empty when it is the one that was asked for."""
    if cell.summary is None or (cell.complete and cell.wanted == 1):
        return ""
    return f"n {cell.summary.n}" if cell.complete else f"n {cell.summary.n}/{cell.wanted}"


def reported(cell: Cell) -> str:
    """The reported side of a cell with the difference to it: `paper 81.7, Δ −0.7`; empty when there is none."""
    if cell.reported is None:
        return ""
    delta = "" if cell.delta is None else f", Δ {difference(cell.delta)}"
    return f"paper {percent(cell.reported.percent)}{delta}"


def official(cell: Cell) -> str:
    """What the authors' weights score here: `official 81.5`; empty when they were not scored."""
    return "" if cell.official is None else f"official {percent(cell.official.percent)}"


def column_name(column: Column) -> str:
    """A column in Unicode, such as `S4 M_J`."""
    return f"{column.task.upper()} {in_unicode(METRIC_LABELS[column.metric])}"


def heading(table: Table) -> str:
    """Number and caption, such as `Table 7. Ablation on ...`."""
    return one_line(f"Table {table.number}. {table.caption}")


def duration(seconds: float) -> str:
    """A time people can read: `48 s`, `12 min`, `23 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
