"""What a cell has: a number, or the reason why it has none. Nothing is ever filled in silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from experiments.records import ProtocolRecord
from model.config import Task
from reports.stored.surpassed import is_surpassed
from reports.tables.cells import Run, State
from reports.tables.mixtures import Mixture, doubled_seed

SHOWN_REASONS = 3
"""Most runs that a cell lists one by one; of more it lists the first ones."""


@dataclass(frozen=True)
class Evidence:
    """The runs that may stand behind a cell."""

    runs: tuple[Run, ...] = ()
    """Runs of the cell's own trials."""
    elsewhere: tuple[Run, ...] = ()
    """Runs of the same configuration on other data."""


@dataclass(frozen=True)
class Verdict:
    """What a cell has."""

    state: State
    why: str
    counted: tuple[Run, ...] = ()
    """The finished runs behind the number; empty when there is none."""
    is_to_run: bool = False
    """Whether running the experiment would fill it."""
    is_to_rescore: bool = False
    """Whether scoring stored weights again would fill it."""


def judge(
    evidence: Evidence, task: Task, wanted: int, current: Mapping[Task, ProtocolRecord], mixture: Mixture | None
) -> Verdict:
    """Looks at a cell's runs.

    Args:
        evidence: the runs.
        task: of the column.
        wanted: seeds that the scale asks for.
        current: how cells are filled, by task; scores under other protocols or older versions do not count.
        mixture: what forbids putting the column's results side by side, if anything.
    """
    if wanted == 0:
        return Verdict("not_run", f"this scale does not train {task.upper()}", is_to_run=True)
    protocol = current.get(task)
    finished = [run for run in evidence.runs if run.stored.result is not None]
    counted = tuple(run for run in finished if not is_outdated(run, protocol))
    if not counted:
        return _without_number(evidence, protocol)
    if mixed := mixture or doubled_seed(counted):
        return Verdict(mixed.state, mixed.why, counted)
    if len(counted) >= wanted:
        return Verdict("measured", "", counted)
    rest = _without_number(_without(evidence, {run.seed for run in counted}), protocol)
    why = f"{len(counted)} of {wanted} seeds: {rest.why}"
    return replace(rest, state="measured", why=why, counted=counted)


def is_outdated(run: Run, current: ProtocolRecord | None) -> bool:
    """Whether a result was scored under another protocol than that of its cell, or an older version of it."""
    result = run.stored.result
    if result is None or current is None:
        return False
    return is_surpassed(result.protocol, current)


def _without(evidence: Evidence, seeds: set[int]) -> Evidence:
    """The runs of other seeds."""
    runs, elsewhere = (
        tuple(run for run in group if run.seed not in seeds) for group in (evidence.runs, evidence.elsewhere)
    )
    return Evidence(runs, elsewhere)


def _without_number(evidence: Evidence, protocol: ProtocolRecord | None) -> Verdict:
    runs = evidence.runs
    found: Sequence[tuple[State, bool, list[str]]] = [
        ("failed", True, [f"seed {run.seed} failed: {told}" for run in runs if (told := _failure(run))]),
        ("unfinished", True, [f"seed {run.seed} is unfinished{_progress(run)}" for run in runs if _is_open(run)]),
        ("unreadable", False, [f"seed {run.seed}: {run.stored.problem}" for run in runs if run.stored.problem]),
        ("stale", False, [_outdated(run, protocol) for run in runs if is_outdated(run, protocol)]),
        ("stale", True, list(_on_other_data(evidence.elsewhere))),
    ]
    has_outdated = any(is_outdated(run, protocol) for run in runs)
    for state, is_to_run, reasons in found:
        if reasons:
            return Verdict(state, _joined(reasons), is_to_run=is_to_run, is_to_rescore=has_outdated)
    return Verdict("not_run", "no trial of it has been run", is_to_run=True)


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


def _outdated(run: Run, protocol: ProtocolRecord | None) -> str:
    result = run.stored.result
    assert result is not None
    assert protocol is not None
    return f"scored under {result.protocol.label}, and cells are filled by {protocol.label}"


def _joined(reasons: Sequence[str]) -> str:
    unique = list(dict.fromkeys(reasons))
    more = len(unique) - SHOWN_REASONS
    return "; ".join(unique[:SHOWN_REASONS]) + (f"; and {more} more" if more > 0 else "")
