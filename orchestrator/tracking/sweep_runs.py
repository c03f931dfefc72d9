"""The parent runs: one for each sweep, above the runs of its trials. Raises what MLflow raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.store.membership import Membership
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.run_content import FAILED, FINISHED, KILLED, RUNNING, RunContent
from orchestrator.tracking.run_mirror import set_status
from orchestrator.tracking.timestamps import milliseconds

if TYPE_CHECKING:
    from mlflow.entities import Run


def sweep_run(runs: ExperimentRuns, known: Run | None, first: Membership) -> Run:
    """The run of a sweep.

    Args:
        runs: of the sweep's paper.
        known: the run, if it is there already.
        first: the membership of the trial that joined first.
    """
    if known is not None:
        return runs.adopt(known)
    return runs.create({SWEEP_TAG: first.sweep}, first.sweep, {}, milliseconds(first.joined))


def end_sweep(runs: ExperimentRuns, run: Run, members: Iterable[RunContent | None]) -> None:
    """Sets the status of a sweep's run from those of its trials; None stands for a trial that has not begun."""
    members = list(members)
    status = combined_status(KILLED if member is None else member.status for member in members)
    ended = max((member.ended or 0 for member in members if member is not None), default=0)
    set_status(runs.client, run, status, ended or None)


def combined_status(statuses: Iterable[str]) -> str:
    """RUNNING if one runs, FINISHED if all are finished; else KILLED if one can be continued, or FAILED.

    A sweep that has asked for no trial yet has not come to its end: KILLED.
    """
    all_of_them = set(statuses) or {KILLED}
    return next((status for status in (RUNNING, KILLED, FAILED) if status in all_of_them), FINISHED)
