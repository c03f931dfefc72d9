"""Numbers that the papers report, as transcribed in `experiments/reported/*.json`, one record per printed number."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from model.config import Task

Paper = Literal["combo", "avs-bigen"]
Metric = Literal["m_j", "m_f"]

FOLDER = Path(__file__).parent / "reported"
PRINTED_METRIC: dict[Metric, str] = {"m_j": "mIoU", "m_f": "F-score"}
OWN_METHODS = ("COMBO (ours)", "Ours")
"""How the papers call their own rows; variants are settings of these."""
OWN_TRAINING = (None, "scratch")
"""Initialisations that a plain trial corresponds to: unstated, or without another task's weights."""


class Printed(BaseModel):
    """A frozen part of a transcription; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PrintedRow(Printed):
    """The row that a number stands in."""

    method: str
    backbone: str | None = None
    variant: str | None = None
    task: str | None = None
    """The field a compared method comes from, such as `VOS`."""


class Citation(Printed):
    """Where a row's numbers were first published."""

    key: str
    year: int | None = None
    venue: str | None = None


class PrintedNumber(Printed):
    """One number of a table, exactly as printed in `value_text`; `value` is None where the paper prints a dash."""

    id: str
    table: str
    row: PrintedRow
    column: str | None = None
    subset: str | None = None
    init: str | None = None
    metric: str
    value: float | None
    value_text: str
    unit: str
    kind: Literal["value", "delta", "setting"]
    cite: Citation | None = None
    note: str | None = None


class Check(Printed):
    """A claim of the paper held against its own numbers."""

    id: str
    tables: tuple[str, ...]
    where: str
    claim: str
    verdict: Literal["holds", "fails", "unresolved"]
    detail: str
    caveat: str | None = None
    """What a claim that holds leaves unsaid."""


class Transcription(Printed):
    """All numbers of one paper."""

    paper: str
    records: tuple[PrintedNumber, ...]
    checks: tuple[Check, ...]


class ReportedValue(Printed):
    """A score that a paper reports."""

    record: str
    """Id of the transcribed record."""
    percent: float
    printed: str
    paper: str
    cite: Citation | None
    note: str | None


@cache
def transcription(paper: Paper) -> Transcription:
    """All transcribed numbers and consistency checks of a paper."""
    return Transcription.model_validate_json((FOLDER / f"{paper}.json").read_bytes())


def reported_value(paper: Paper, table: str, variant: str, task: Task, metric: Metric) -> ReportedValue | None:
    """The paper's own score in percent, or None when the table has no such number.

    Args:
        paper: which one.
        table: its number.
        variant: the row's variant; its backbone in tables whose own rows differ in nothing else.
        task: the column's subset.
        metric: the column's metric.
    """
    sources = transcription(paper)
    for record in sources.records:
        if (
            record.kind == "value"
            and record.value is not None
            and record.table == table
            and record.row.method in OWN_METHODS
            and variant == (record.row.variant or record.row.backbone)
            and record.subset == task.upper()
            and record.metric == PRINTED_METRIC[metric]
            and record.init in OWN_TRAINING
        ):
            return ReportedValue(
                record=record.id,
                percent=_percent(record.value, record.unit),
                printed=record.value_text,
                paper=sources.paper,
                cite=record.cite,
                note=record.note,
            )
    return None


def contradictions(paper: Paper, table: str) -> tuple[Check, ...]:
    """Checks of a table that fail, stay unresolved, or hold with something left unsaid."""
    return tuple(
        check
        for check in transcription(paper).checks
        if table in check.tables and (check.verdict != "holds" or check.caveat is not None)
    )


def _percent(value: float, unit: str) -> float:
    """Fractions are scaled in decimal, so that 0.661 becomes 66.1 and not 66.10000000000001."""
    return float(Decimal(str(value)) * (100 if unit == "fraction" else 1))
