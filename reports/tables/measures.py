"""The value of a column in a stored result."""

from __future__ import annotations

from experiments.records import ResultRecord
from experiments.reported import Column

MILLION = 1_000_000
MILLISECONDS = 1000


def measured_value(result: ResultRecord, column: Column) -> float | None:
    """The measured value in the unit of the column; None if an older result lacks it."""
    match column.metric:
        case "m_j":
            return 100 * result.score.m_j
        case "m_f":
            return 100 * result.score.m_f
        case "parameters":
            return result.parameters / MILLION
        case "trainable_parameters":
            return result.trainable_parameters / MILLION
        case "seconds_per_clip":
            return None if result.seconds_per_clip is None else MILLISECONDS * result.seconds_per_clip
        case _:
            return None
