"""Ending a trial early at the wish of whoever runs it: an interrupt, a used-up budget, a machine that is taken away."""

from __future__ import annotations

from collections.abc import Callable

ShouldStop = Callable[[], bool]
"""Asked once in every step and between the clips of an evaluation; true on one worker stops all of them."""


class StopRequested(Exception):  # noqa: N818 - nothing has gone wrong
    """Training ends here, to be continued later. Every worker raises it at the same place."""


def never() -> bool:
    """The `ShouldStop` of a trial that nothing ends early."""
    return False
