"""How scores are computed today, so that a report can tell which ones are not."""

from __future__ import annotations

from experiments.records import ProtocolRecord
from model.config import Task
from model.metrics.rules import AUTHORS
from orchestrator.trial.provenance import TEST_SPLIT, protocol_record


def protocols_of_today() -> dict[Task, ProtocolRecord]:
    """The authors' protocol of each task, as the test split is scored."""
    return {task: protocol_record(rules, TEST_SPLIT) for task, rules in AUTHORS.items()}
