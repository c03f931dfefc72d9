"""Timestamps as ISO 8601, as storage has them, and in milliseconds, as MLflow has them."""

from __future__ import annotations

from experiments.stored_types import parse_moment


def milliseconds_or_none(moment: str) -> int | None:
    """As `milliseconds`; None if the text is no timestamp."""
    try:
        return milliseconds(moment)
    except ValueError:
        return None


def milliseconds(moment: str) -> int:
    """Milliseconds since the epoch of an ISO 8601 moment."""
    return int(parse_moment(moment).timestamp() * 1000)
