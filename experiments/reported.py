"""Numbers that the papers report, looked up in their transcriptions, `reported.yaml` or `reported.json`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from experiments.errors import InputError, unreadable
from experiments.papers import REPORTED, Paper, shown
from experiments.reported_schema import Check, Citation, FigureNumbers, Printed, PrintedNumber, Scoring, Transcription
from experiments.schema import Measure, Variant
from experiments.validate import problems_in, validate
from experiments.yaml_files import read_yaml
from model.config import Task

PRINTED_METRIC: dict[Measure, tuple[str, ...]] = {
    "m_j": ("mIoU",),
    "m_f": ("F-score",),
    "parameters": ("Parameters", "#Params"),
    "trainable_parameters": ("Parameters",),
    "seconds_per_clip": ("Inference time",),
}
"""Names of each measure in papers, beside its own."""
OF_THE_NETWORK: tuple[Measure, ...] = ("parameters", "trainable_parameters", "seconds_per_clip")
"""Measures that the papers print without a subset."""
OWN_TRAINING = (None, "scratch")
"""Initialisations that a plain trial corresponds to: unstated, or without another task's weights."""


class ReportedValue(Printed):
    """A number that a paper reports."""

    record: str
    """Id of the transcribed record."""
    value: float
    """Scores in percent, parameters in millions, times in milliseconds."""
    printed: str
    paper: str
    cite: Citation | None
    """Where the number was first published."""
    note: str | None


@dataclass(frozen=True)
class Column:
    """One measure on one task."""

    task: Task | None
    """None for what belongs to the network alone."""
    metric: Measure | Literal["setting"]
    start: Task | None = None
    """The task whose weights training starts from."""

    def holds(self, record: PrintedNumber) -> bool:
        """Whether a transcribed number stands in this column."""
        inits = OWN_TRAINING if self.start is None else (f"pretrained on {self.start.upper()}",)
        subset = None if self.metric in OF_THE_NETWORK else str(self.task).upper()
        names = (self.metric, *PRINTED_METRIC[self.metric]) if self.metric != "setting" else ()
        printed = None if record.subset is None else record.subset.upper()
        return printed == subset and record.metric in names and record.init in inits


@dataclass(frozen=True)
class PublishedRow:
    """A row of a method that the paper compares its own with."""

    method: str
    backbone: str
    """Empty where the paper prints none."""
    variant: str
    """What tells rows of the same method and backbone apart; empty where nothing has to."""
    cite: Citation | None
    """Where its numbers were first published."""
    values: dict[Column, ReportedValue]


def transcription_file(paper: Paper) -> Path | None:
    """The file of a paper's transcription; None if it has none."""
    return next((path for name in REPORTED if (path := paper.folder / name).is_file()), None)


def transcription(paper: Paper) -> Transcription:
    """All transcribed numbers and consistency checks of a paper; empty where there are none.

    Raises:
        InputError: mistakes in the file.
    """
    path = transcription_file(paper)
    return Transcription() if path is None else _transcription(path, path.stat().st_mtime_ns)


def reported_value(paper: Paper, table: str, variant: Variant, column: Column) -> ReportedValue | None:
    """What the paper reports of a row that is trained here, or None when the table has no such number.

    Args:
        paper: which one.
        table: its number.
        variant: the row.
        column: of the number.
    """
    return _printed(paper, table, variant, column, "value")


def reported_gain(paper: Paper, table: str, variant: Variant, column: Column) -> ReportedValue | None:
    """What the paper prints in brackets behind its own number: by how much it beats the others; None if nothing."""
    return _printed(paper, table, variant, column, "delta")


def reported_setting(paper: Paper, table: str, variant: str, task: Task) -> str | None:
    """A setting as the paper prints it, or None when the table has no such setting."""
    for record in transcription(paper).records:
        found = record.kind == "setting" and record.table == table and record.row.variant == variant
        if found and record.subset == task.upper():
            return record.value_text
    return None


def published_rows(paper: Paper, table: str, method: str, columns: Iterable[Column]) -> list[PublishedRow]:
    """The rows of a compared method in the order of the paper; empty when the table has none.

    Args:
        paper: which one.
        table: its number.
        method: as transcribed.
        columns: of the table.
    """
    rows: dict[tuple[str, str], list[PrintedNumber]] = defaultdict(list)
    for record in transcription(paper).records:
        if record.table == table and record.kind == "value" and record.row.method == method:
            rows[backbone(record), record.row.variant or ""].append(record)
    return [
        PublishedRow(method, apart, variant, records[0].cite, _values(paper, records, tuple(columns)))
        for (apart, variant), records in rows.items()
    ]


def _printed(
    paper: Paper, table: str, variant: Variant, column: Column, kind: Literal["value", "delta"]
) -> ReportedValue | None:
    methods = paper.said.own_methods if variant.method is None else [variant.method]
    for record in transcription(paper).records:
        if (
            (record.kind, record.table) == (kind, table)
            and record.row.method in methods
            and variant.reported == row_name(record)
            and record.value is not None
            and column.holds(record)
        ):
            return _reported(paper, record, record.value)
    return None


def _values(paper: Paper, records: Sequence[PrintedNumber], columns: Sequence[Column]) -> dict[Column, ReportedValue]:
    return {
        column: _reported(paper, record, record.value)
        for record in records
        for column in columns
        if record.value is not None and column.holds(record)
    }


def _reported(paper: Paper, record: PrintedNumber, value: float) -> ReportedValue:
    return ReportedValue(
        record=record.id,
        value=_in_our_unit(value, record.unit),
        printed=record.value_text,
        paper=paper.label,
        cite=paper.said.cite if record.row.method in paper.said.own_methods else record.cite,
        note=record.note,
    )


def row_name(record: PrintedNumber) -> str:
    """What tells the row of a number from others of its method: what a variant says under `reported`."""
    return record.row.variant or backbone(record)


def backbone(record: PrintedNumber) -> str:
    """The backbone without the transcriber's remark in brackets."""
    return (record.row.backbone or "").partition(" (")[0]


def figure_numbers(paper: Paper, figure: str) -> tuple[FigureNumbers, ...]:
    """What a figure prints, row by row; empty when it prints no numbers."""
    return tuple(numbers for numbers in transcription(paper).figures if numbers.figure == figure)


def scoring(paper: Paper, table: str) -> tuple[dict[str, Scoring], int]:
    """How the F-scores of a table on S4 and MS3 were computed, by method as the paper calls it.

    Args:
        paper: which one.
        table: its number.

    Returns:
        What is known, and of how many further methods of the table nothing is.
    """
    methods = dict.fromkeys(
        record.row.method
        for record in transcription(paper).records
        if record.table == table and record.metric in PRINTED_METRIC["m_f"] and record.subset in ("S4", "MS3")
    )
    known = {one.method: one for one in transcription(paper).scoring if one.method in methods}
    return known, len(methods) - len(known)


def contradictions(paper: Paper, table: str) -> tuple[Check, ...]:
    """Checks of a table that fail, stay unresolved, or hold with something left unsaid."""
    return tuple(
        check
        for check in transcription(paper).checks
        if table in check.tables and (check.verdict != "holds" or check.caveat is not None)
    )


def _in_our_unit(value: float, unit: str) -> float:
    """Fractions are scaled in decimal, so that 0.661 becomes 66.1 and not 66.10000000000001."""
    return float(Decimal(str(value)) * (100 if unit == "fraction" else 1))


@cache
def _transcription(path: Path, changed: int) -> Transcription:  # noqa: ARG001
    """Reads a transcription, and again once it has changed."""
    file = shown(path)
    try:
        if path.suffix == ".json":
            found = Transcription.model_validate_json(path.read_bytes())
        else:
            found = validate(Transcription, read_yaml(path, file), file)
    except ValidationError as error:
        raise InputError(*problems_in(error, Transcription, file)) from None
    except OSError as error:
        raise InputError(unreadable(file, error)) from None
    named = (
        record if record.id else record.model_copy(update={"id": f"{record.table}-{place}"})
        for place, record in enumerate(found.records)
    )
    return found.model_copy(update={"records": tuple(named)})
