"""What a cell has: a number, or the reason why it has none. Nothing is ever filled in silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.records import ProtocolRecord, ResultRecord
from model.config import Task
from reports.tables.cells import Run, State

SHOWN_REASONS = 3
"""Runs that a cell tells of by themselves; of more, the first ones."""


@dataclass(frozen=True)
class Evidence:
    """The runs that may stand behind a cell."""

    runs: tuple[Run, ...] = ()
    """Of the cell's own trials."""
    elsewhere: tuple[Run, ...] = ()
    """Of the same configuration on other data."""


@dataclass(frozen=True)
class Verdict:
    """What a cell has."""

    state: State
    why: str
    counted: tuple[Run, ...]
    """The finished runs behind the number; empty when there is none."""


def judge(
    evidence: Evidence, task: Task, wanted: int, current: Mapping[Task, ProtocolRecord], mixture: State | None
) -> Verdict:
    """Looks at a cell's runs.

    Args:
        evidence: the runs.
        task: of the column.
        wanted: seeds that the scale asks for.
        current: how scores are computed today, by task; those of an older version do not count.
        mixture: what forbids putting the column's results side by side, if anything.
    """
    if wanted == 0:
        return Verdict("not_run", f"this scale does not train {task.upper()}", ())
    finished = [run for run in evidence.runs if run.stored.result is not None]
    outdated = [run for run in finished if is_outdated(run, current.get(task))]
    counted = tuple(run for run in finished if run not in outdated)
    if counted and mixture is not None:
        return Verdict(mixture, _MIXTURES[mixture], counted)
    if counted:
        return Verdict("measured", "" if len(counted) >= wanted else _missing(evidence, counted, wanted), counted)
    if outdated:
        return Verdict("stale", _outdated(outdated[0], current[task]), ())
    return _without_result(evidence)


def is_outdated(run: Run, current: ProtocolRecord | None) -> bool:
    """Whether a result was scored under an older version of today's protocol."""
    result = run.stored.result
    if result is None or current is None:
        return False
    return result.protocol.name == current.name and result.protocol.version < current.version


_MIXTURES: Mapping[State, str] = {
    "mixed_protocol": "the column's results were scored under different protocols, which are not compared",
    "mixed_data": "the column's results were measured on different data, which are not compared",
}


def _without_result(evidence: Evidence) -> Verdict:
    states: Sequence[tuple[State, list[str]]] = [
        ("failed", [f"seed {run.seed} failed: {told}" for run in evidence.runs if (told := _failure(run))]),
        ("unfinished", [f"seed {run.seed} is unfinished{_progress(run)}" for run in evidence.runs if _is_open(run)]),
        ("unreadable", [f"seed {run.seed}: {run.stored.problem}" for run in evidence.runs if run.stored.problem]),
        ("stale", list(_on_other_data(evidence.elsewhere))),
    ]
    for state, reasons in states:
        if reasons:
            return Verdict(state, _joined(reasons), ())
    return Verdict("not_run", "no trial of it has been run", ())


def _missing(evidence: Evidence, counted: Sequence[Run], wanted: int) -> str:
    others = tuple(run for run in evidence.runs if run not in counted)
    reason = _without_result(Evidence(others)).why if others else "the others have not been run"
    return f"{len(counted)} of {wanted} seeds: {reason}"


def _failure(run: Run) -> str:
    failure = run.stored.failure
    return "" if failure is None else f"{failure.category}, {failure.message}"


def _is_open(run: Run) -> bool:
    stored = run.stored
    return stored.result is None and stored.failure is None and stored.problem is None


def _progress(run: Run) -> str:
    config, attempt = run.stored.config, run.stored.last_attempt
    if config is None or attempt is None:
        return ""
    return f": step {attempt.step} of {config.training.iterations}"


def _on_other_data(runs: Sequence[Run]) -> Iterator[str]:
    for result in (run.stored.result for run in runs):
        if result is not None:
            yield f"measured on other data, {result.provenance.data_fingerprint}"


def _outdated(run: Run, current: ProtocolRecord) -> str:
    result = run.stored.result
    assert isinstance(result, ResultRecord)
    return f"scored under {result.protocol.label}, which is {current.label} today"


def _joined(reasons: Sequence[str]) -> str:
    unique = list(dict.fromkeys(reasons))
    more = len(unique) - SHOWN_REASONS
    return "; ".join(unique[:SHOWN_REASONS]) + (f"; and {more} more" if more > 0 else "")
