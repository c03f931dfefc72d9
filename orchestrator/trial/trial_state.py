"""The states of a trial: one set for the plan, the trial scheduler, `combo status`, the live view and MLflow.

`docs/concepts/sweeps.md` draws how a trial goes from one to another.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from experiments.records import AttemptRecord, FailureRecord
from orchestrator.trial.failures import NOT_ITS_FAULT


class TrialState(StrEnum):
    """The state of a trial; its value is the word that people and scripts see."""

    FINISHED = "finished"
    RUNNING = "running"
    RESUMABLE = "resumable"
    PREEMPTED = "preempted"
    STOPPED = "stopped"
    NEW = "new"
    FAILED = "failed"
    PRUNED = "pruned"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    OTHER_SCHEMA = "other schema"
    WAITING = "waiting"
    """Inside a run: the trial scheduler has yet to start it, for the first time or again."""


REFUSED: Final = (TrialState.DAMAGED, TrialState.UNREADABLE, TrialState.OTHER_SCHEMA)
"""States of trials that are stored and cannot be read: a run leaves them as they are."""
TO_RUN: Final = (
    TrialState.RUNNING,
    TrialState.RESUMABLE,
    TrialState.PREEMPTED,
    TrialState.STOPPED,
    TrialState.NEW,
)
"""States that `combo run` takes to a result; trials that failed by their own fault wait for `combo retry`."""
WITHOUT_RESULT: Final = (TrialState.FAILED, TrialState.STOPPED, TrialState.PRUNED)
"""States in which a run leaves trials that end without a result; their dependents do not start."""
OVER: Final = (TrialState.FINISHED, *WITHOUT_RESULT, *REFUSED)
"""States of trials that no process works on or will take up in the same run."""
STYLES: Final[dict[TrialState, str]] = {
    TrialState.FINISHED: "green",
    TrialState.RUNNING: "cyan",
    TrialState.RESUMABLE: "yellow",
    TrialState.PREEMPTED: "yellow",
    TrialState.STOPPED: "yellow",
    TrialState.NEW: "dim",
    TrialState.FAILED: "red",
    TrialState.PRUNED: "dim",
    TrialState.DAMAGED: "red",
    TrialState.UNREADABLE: "red",
    TrialState.OTHER_SCHEMA: "red",
    TrialState.WAITING: "dim",
}
"""Rich's style of each state on a terminal."""


def stored_state(
    *,
    is_finished: bool,
    is_running: bool,
    last_attempt: AttemptRecord | None,
    failure: FailureRecord | None,
    has_checkpoint: bool,
) -> TrialState:
    """The state of a trial whose stored records can be read.

    Args:
        is_finished: whether it has a result.
        is_running: whether a process holds its lease.
        last_attempt: the newest attempt; None before the first.
        failure: why the last attempt failed; None if it did not.
        has_checkpoint: whether there is a training state to continue from.
    """
    if is_finished:
        return TrialState.FINISHED
    if is_running:
        return TrialState.RUNNING
    if last_attempt is not None and last_attempt.ended in ("preempted", "stopped", "pruned"):
        return TrialState(last_attempt.ended)
    if failure is not None and failure.category not in NOT_ITS_FAULT:
        return TrialState.FAILED
    return TrialState.RESUMABLE if has_checkpoint else TrialState.NEW
