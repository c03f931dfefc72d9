"""Moments as storage has them and as MLflow has them."""

from __future__ import annotations

from datetime import datetime


def milliseconds(moment: str) -> int:
    """Milliseconds since the epoch of an ISO 8601 moment."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)
