"""What a reader must know beside the numbers of a table, as plain sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from experiments.records import ProtocolRecord
from experiments.reported import Check, ReportedValue, contradictions
from experiments.schema import Experiment
from model.config import Task
from reports.cells import Cell, Run, official_evaluations


def footnotes(experiment: Experiment, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Source of the reported numbers, meaning of the signs, protocols, mixtures, the paper's own contradictions."""
    return (
        *_sources(experiment, cells),
        *_official(cells),
        *_signs(cells),
        *_by_task(cells),
        *_quarantined(cells),
        *_contradictions(experiment),
    )


def _sources(experiment: Experiment, cells: Sequence[Cell]) -> Iterator[str]:
    sources = {_source(cell.reported): None for cell in cells if cell.reported is not None}
    if sources:
        origin = f"Table {experiment.table.number} of {'; '.join(sources)}"
        yield f"Reported: {origin}. Δ is measured minus reported, in percentage points."


def _official(cells: Sequence[Cell]) -> Iterator[str]:
    for record in official_evaluations(cells):
        task = record.weights.config.data.task.upper()
        yield (
            f"Official {task}: the authors' released weights {record.weights.file} "
            f"(SHA-256 {record.weights.file_sha256[:12]}), scored here under {record.protocol.label}."
        )


def _source(value: ReportedValue) -> str:
    if value.cite is None:
        return value.paper
    return f"{value.paper} [{value.cite.key}]" + (f", {value.cite.venue}" if value.cite.venue else "")


def _signs(cells: Sequence[Cell]) -> Iterator[str]:
    if any(cell.best for cell in cells):
        yield "Bold is the best measured value of a column."
    if any(cell.summary is not None and cell.summary.n > 1 for cell in cells):
        yield "± is the standard deviation over seeds (n − 1 in the denominator); n counts seeds."
    if any(cell.summary is not None and cell.summary.n == 1 for cell in cells):
        yield "A measured value without n comes from one seed (n = 1), so nothing is known of its spread."


def _by_task(cells: Sequence[Cell]) -> Iterator[str]:
    for task in dict.fromkeys(cell.column.task for cell in cells):
        of_task = [cell for cell in cells if cell.column.task == task]
        runs = {run.key: run for cell in of_task for run in cell.finished}.values()
        states = {cell.state for cell in of_task}
        if "mixed_protocol" in states:
            yield _mixture(task, "protocols", ((_label(run), run.key) for run in runs))
        elif "mixed_data" in states:
            yield _mixture(task, "data sets", ((_fingerprint(run), run.key) for run in runs))
        elif runs:
            (protocol,) = {run.stored.result.protocol for run in runs if run.stored.result is not None}
            yield f"{task.upper()} is scored under {protocol.label}: {describe_pooling(protocol)}."


def _quarantined(cells: Sequence[Cell]) -> Iterator[str]:
    """Clips that some result was trained, selected or scored without, by task and split."""
    missing: dict[tuple[Task, str], set[str]] = defaultdict(set)
    for cell in cells:
        for run in cell.finished:
            assert run.stored.result is not None
            for split, names in run.stored.result.quarantined.items():
                missing[cell.column.task, split].update(names)
        if cell.official is not None:
            record = cell.official.record
            missing[cell.column.task, record.protocol.split].update(record.quarantined)
    for (task, split), clips in sorted(missing.items()):
        if clips:
            yield f"{task.upper()} {split} clips that could not be read and were left out: {', '.join(sorted(clips))}."


def describe_pooling(protocol: ProtocolRecord) -> str:
    """How the scores of a protocol are computed, as a phrase."""
    return (
        f"F-score threshold chosen per {protocol.f_pooling} among {protocol.thresholds}, "
        f"β² = {protocol.beta_squared:g}, empty masks: {protocol.empty_mask_rule}"
    )


def _mixture(task: Task, what: str, pairs: Iterable[tuple[str, str]]) -> str:
    keys: dict[str, list[str]] = defaultdict(list)
    for name, key in pairs:
        keys[name].append(key)
    parts = "; ".join(f"{name}: {', '.join(sorted(keys[name]))}" for name in sorted(keys))
    return f"{task.upper()} has results under different {what}, which are neither averaged nor compared. {parts}."


def _label(run: Run) -> str:
    assert run.stored.result is not None
    return run.stored.result.protocol.label


def _fingerprint(run: Run) -> str:
    assert run.stored.result is not None
    return run.stored.result.provenance.data_fingerprint


def _contradictions(experiment: Experiment) -> Iterator[str]:
    for check in contradictions(experiment.paper, experiment.table.number):
        yield _sentence(check)


def _sentence(check: Check) -> str:
    if check.verdict == "fails":
        return f"The paper contradicts itself ({check.where}): “{check.claim}”; {check.detail}."
    if check.verdict == "unresolved":
        return f"Unresolved in the paper ({check.where}): “{check.claim}”; {check.detail}."
    return f"The paper's text ({check.where}) says “{check.claim}”, which its numbers give; but {check.caveat}."
