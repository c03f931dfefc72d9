"""By which protocols the cells of a report are filled."""

from __future__ import annotations

from typing import get_args

from experiments.errors import InputError, Problem
from experiments.records import ProtocolRecord
from model.config import Task
from orchestrator.trial.provenance import TEST_SPLIT, protocol_record, protocols_of_today


def chosen_protocols(name: str | None) -> dict[Task, ProtocolRecord]:
    """The protocol of each task: that of today, or another one for the tasks that it scores.

    Args:
        name: of the other one, with or without its version; None for none.

    Raises:
        InputError: no protocol of this name scores any task.
    """
    chosen = protocols_of_today()
    if name is None:
        return chosen
    from model.metrics.protocol import protocol_for

    reasons: list[str] = []
    for task in get_args(Task):
        try:
            chosen[task] = protocol_record(protocol_for(task, name).rules, TEST_SPLIT)
        except ValueError as error:
            reasons.append(str(error))
    if len(reasons) == len(chosen):
        raise InputError(*(Problem("--protocol", reason) for reason in reasons))
    return chosen
