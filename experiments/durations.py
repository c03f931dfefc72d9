"""Times as people read them."""

from __future__ import annotations

SHORTEST_MINUTES, SHORTEST_HOURS = 90, 90
"""Seconds from which a time is told in minutes, and minutes from which it is told in hours."""
LONG_HOURS = 10
"""Hours from which minutes no longer matter."""


def duration(seconds: float) -> str:
    """A time such as `48 s`, `12 min`, `3 h 5 min`, `1,800 h`."""
    if seconds < SHORTEST_MINUTES:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < SHORTEST_HOURS:
        return f"{minutes} min"
    if minutes < 60 * LONG_HOURS:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{round(minutes / 60):,} h"
