"""Weights that were scored by themselves: what `combo model evaluate` and `combo rescore` have stored of them."""

from __future__ import annotations

from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.records import EVALUATION_FILE, EVALUATIONS, EvaluationRecord
from reports.stored.documents import read_document, refusal


def read_evaluations(storage: Path) -> tuple[list[EvaluationRecord], list[Problem]]:
    """All evaluations of weights in the order of their keys, and those that cannot be trusted."""
    records: list[EvaluationRecord] = []
    problems: list[Problem] = []
    for path in sorted((storage / EVALUATIONS).glob(f"*/{EVALUATION_FILE}")):
        try:
            record = read_document(EvaluationRecord, path)
            if record.key != path.parent.name:
                raise refusal(path, f"is evaluation {record.key}, but lies in the folder of {path.parent.name}")
        except InputError as error:
            problems.append(error.problems[0])
        else:
            records.append(record)
    return records, problems
