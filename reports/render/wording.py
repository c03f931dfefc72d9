"""How numbers and states read in every format: one decimal as the papers print them, reported numbers as printed."""

from __future__ import annotations

import json

from pydantic import JsonValue

from experiments.reported import Column, ReportedValue
from experiments.schema import Statistics
from model.config import Task
from reports.render.math_label import in_unicode
from reports.render.plain_text import one_line
from reports.render.setting_notation import same_setting
from reports.tables.cells import Cell, Row, State, Table

METRIC_LABELS = {
    "m_j": "$M_J$",
    "m_f": "$M_F$",
    "parameters": "#Params (M)",
    "trainable_parameters": "#Params trained (M)",
    "seconds_per_clip": "ms/clip",
    "setting": "",
}
UNITS = {
    "m_j": "percent",
    "m_f": "percent",
    "parameters": "million",
    "trainable_parameters": "million",
    "seconds_per_clip": "milliseconds",
}
STATE_WORDS: dict[State, str] = {
    "measured": "measured",
    "not_run": "not run",
    "unfinished": "unfinished",
    "failed": "failed",
    "stale": "stale",
    "unreadable": "unreadable",
    "mixed_protocol": "mixed protocols",
    "mixed_data": "mixed data",
    "published": "reported",
    "setting": "setting",
}
DAGGER = "†"
SMALLEST_P = 0.001
"""Smaller ones are not told apart."""
NOT_PRINTED = "—"
"""Where a paper prints no number for what it compares with."""


def number(value: float) -> str:
    """A score in percent, a size in millions or a time in milliseconds, such as `81.7`."""
    return f"{value:.1f}"


def difference(value: float) -> str:
    """Points or millions with a sign and a true minus, such as `+0.3`, `−1.2` or `0.0`."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def printed_number(value: ReportedValue) -> str:
    """A reported number with as many decimals as the paper gives it; fractions are in percent, `0.661` is `66.1`."""
    decimals = len(value.printed.partition(".")[2])
    is_scaled = float(value.printed) != value.value
    return f"{value.value:.{max(0, decimals - 2) if is_scaled else decimals}f}"


def measured(cell: Cell) -> str:
    """The measured side of a cell: `81.0`, `81.0 ± 0.3`, or what keeps it from being a number."""
    if cell.summary is None:
        return STATE_WORDS[cell.state]
    spread = "" if cell.summary.sd is None or not _varies(cell) else f" ± {number(cell.summary.sd)}"
    return number(cell.summary.mean) + spread


def dagger(cell: Cell) -> str:
    """`†` behind a value that differs from the baseline's by more than chance explains, else nothing."""
    return DAGGER if cell.difference is not None and cell.difference.significant else ""


def gain(cell: Cell) -> str:
    """By how much ours beats the best of the others, in brackets: `(+2.1)`; empty when nothing is to be beaten."""
    return "" if cell.gain is None else f"({difference(cell.gain)})"


def seeds(cell: Cell) -> str:
    """How many seeds are behind a value, `n 2/3`; empty when it is the one that was asked for."""
    if cell.summary is None or (cell.complete and (cell.wanted == 1 or not _varies(cell))):
        return ""
    return f"n {cell.summary.n}" if cell.complete else f"n {cell.summary.n}/{cell.wanted}"


def interval(cell: Cell) -> str:
    """The confidence interval of a mean, such as `[80.2, 81.9]`; empty when there is none."""
    if cell.summary is None or cell.summary.interval is None or not _varies(cell):
        return ""
    low, high = cell.summary.interval
    return f"[{number(low)}, {number(high)}]".replace("-", "−")


def certainty(cell: Cell) -> str:
    """What is behind a mean, `n 3, CI [80.2, 81.9]`; empty for the one value that was asked for."""
    known = interval(cell)
    return ", ".join(filter(None, (seeds(cell), f"CI {known}" if known else "")))


def reported_number(cell: Cell) -> str:
    """What the paper reports, with its own gain in brackets, `84.7 (+3.7)`; a dash where others are given no number."""
    if cell.reported is None:
        return NOT_PRINTED if cell.state == "published" else ""
    printed = printed_number(cell.reported)
    return printed if cell.reported_gain is None else f"{printed} ({difference(cell.reported_gain.value)})"


def delta(cell: Cell) -> str:
    """Measured minus reported, `−0.7`; empty when one of them is missing."""
    return "" if cell.delta is None else difference(cell.delta)


def reported(cell: Cell) -> str:
    """The reported side of a cell with the difference to it: `paper 81.7, Δ −0.7`; empty when there is none."""
    if cell.reported is None:
        return ""
    return f"paper {reported_number(cell)}" + ("" if cell.delta is None else f", Δ {delta(cell)}")


def imported_number(cell: Cell) -> str:
    """What imported weights score here: `81.5`; empty where there are none."""
    return "" if cell.imported is None else number(cell.imported.percent)


def imported(cell: Cell) -> str:
    """The same in words, `official 81.5`, or `imported 81.5` where nobody states that the authors released them."""
    if cell.imported is None:
        return ""
    return f"{'official' if cell.imported.record.weights.is_official else 'imported'} {imported_number(cell)}"


def other_setting(cell: Cell) -> str:
    """What the paper prints for a setting where it is not ours; empty where it is, in whatever notation."""
    return "" if not cell.printed or same_setting(cell.text, cell.printed) else one_line(cell.printed)


def task_name(task: Task | None, start: Task | None = None) -> str:
    """A task, `MS3`, or with the one whose weights training starts from, `MS3 from S4`; empty for none."""
    if task is None:
        return ""
    return task.upper() if start is None else f"{task.upper()} from {start.upper()}"


def column_name(column: Column) -> str:
    """A column in Unicode, such as `S4 M_J` or `MS3 M_J, from S4`."""
    return in_unicode(column_label(column))


def column_label(column: Column) -> str:
    """The same with math."""
    task = "" if column.task is None else column.task.upper()
    start = "" if column.start is None else f", from {column.start.upper()}"
    return f"{task} {METRIC_LABELS[column.metric]}".strip() + start


def row_label(row: Row) -> str:
    """A row in one piece, with math: `COMBO, ResNet-50`."""
    return f"{row.label}, {row.side}" if row.side else row.label


def rows_header(table: Table) -> str:
    """What the rows of a table are called, with math: `Method, backbone`."""
    return f"{table.row_header}, {table.side_header.lower()}" if table.side_header else table.row_header


def row_name(table: Table, row: Row) -> str:
    """A row as it is called where its table is not in sight, with math: `Queries 100`, or `COMBO, ResNet-50`."""
    return row_label(row) if table.side_header else f"{table.row_header} {row_label(row)}"


def setting(value: JsonValue) -> str:
    """The value of a setting as YAML has it, such as `true`, `none` or `[224, 224]`."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def heading(table: Table) -> str:
    """Number and caption, such as `Table 7. Ablation on ...`."""
    return one_line(f"Table {table.number}. {table.caption}")


def exactly(value: float) -> str:
    """A number where what stands behind it is told: one decimal more than elsewhere."""
    return f"{value:.2f}"


def confidence(statistics: Statistics) -> str:
    """How an interval came about, such as `95 %, Student's t over seeds`."""
    over = "Student's t over seeds" if statistics.interval == "student_t" else "bootstrap over clips"
    return f"{100 * statistics.confidence:g} %, {over}"


def p_value(p: float) -> str:
    """How likely chance alone is, such as `p = 0.012` or `p < 0.001`."""
    known = p_number(p)
    return f"p {known}" if known.startswith("<") else f"p = {known}"


def p_number(p: float) -> str:
    """A p-value where a heading names it, `0.012`; below a thousandth only that it is, `< 0.001`."""
    return f"{p:.3f}" if p >= SMALLEST_P else f"< {SMALLEST_P}"


def _varies(cell: Cell) -> bool:
    """Seeds do not change how large a network is."""
    return cell.column.metric not in ("parameters", "trainable_parameters")
