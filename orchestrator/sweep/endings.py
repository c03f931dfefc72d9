"""How a sweep ends, in words: before all is done, and with trials that have no result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from orchestrator.planning.plan import Plan
from orchestrator.trial.trial_state import REFUSED, TrialState

if TYPE_CHECKING:
    from orchestrator.sweep.trial_scheduler import StopReason

EARLY_ENDS: Final[dict[StopReason, str]] = {
    "interrupted": "interrupted; the same command continues from the checkpoints",
    "stopped": "stopped on request; the same command continues from the checkpoints",
    "budget": "the budget is spent; the same command continues from the checkpoints",
    "ray-died": "Ray's processes on this machine died; the same command continues from the checkpoints",
    "disk-full": "the storage is full: paused; free space, then the same command continues",
}
"""Words for each reason to end before all is done."""


def unfinished(plan: Plan) -> Iterator[tuple[str, str]]:
    """Why trials have no result: a sentence for each, and its style on a terminal."""
    for entry in plan.entries:
        label, parent = entry.trial.label, entry.trial.parent
        if entry.state == TrialState.FAILED or (entry.state == TrialState.RESUMABLE and entry.reason):
            yield f"failed: {label}: {entry.reason}", "red"
        elif entry.state in REFUSED:
            yield f"{entry.state}: {label}: {entry.reason}", "red"
        elif entry.state == TrialState.NEW and parent is not None:
            yield f"not started: {label}: it starts from trial {parent.key}, which is not finished", "yellow"
