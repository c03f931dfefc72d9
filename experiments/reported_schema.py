"""What a transcription of the numbers that a paper prints may say: one record per number."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator


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
    """A publication."""

    key: str
    year: int | None = None
    venue: str | None = None


class PrintedNumber(Printed):
    """One number of a table, exactly as printed in `value_text`; `value` is None where the paper prints a dash."""

    id: str = ""
    """Names it where reports show where a number is from; its table and its place in the file by default."""
    table: str
    """As the experiment's `table.number`."""
    row: PrintedRow
    column: str | None = None
    subset: str | None = None
    init: str | None = None
    metric: str
    """As printed, such as `mIoU`, or as experiments call it, such as `m_j`."""
    value: float | None
    value_text: str = ""
    """By default as `value` is written."""
    unit: str = "percent"
    kind: Literal["value", "delta", "setting"] = "value"
    cite: Citation | None = None
    """What the row cites: the source of its numbers, or, in a row of the paper's own, what the method is built with."""
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _printed_as_it_is_written(cls, values: Any) -> Any:
        if isinstance(values, dict) and "value_text" not in values and values.get("value") is not None:
            return {**values, "value_text": str(values["value"])}
        return values


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


class Scoring(Printed):
    """How a method's released test command groups clips, which its F-scores on S4 and MS3 depend on."""

    method: str
    """As transcribed."""
    protocol: str
    """Name of the protocol here that groups them in the same way."""
    basis: str
    """What of the released code says so."""


class FigureNumbers(Printed):
    """Numbers that a figure shows in one of its rows."""

    figure: str
    row: int
    """From 0, top to bottom."""
    values: tuple[float, ...]
    decimals: int
    """As printed."""
    unit: str
    note: str | None = None


class Transcription(Printed):
    """All numbers of one paper."""

    records: tuple[PrintedNumber, ...] = ()
    scoring: tuple[Scoring, ...] = ()
    """Only where it is known."""
    figures: tuple[FigureNumbers, ...] = ()
    checks: tuple[Check, ...] = ()
