"""Builds a table of a paper from stored trials."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.columns import columns_of, task_of
from experiments.expand import FULL, Study, Trial
from experiments.records import EvaluationRecord, ProtocolRecord, ResultRecord
from experiments.reported import Column, reported_gain, reported_value, transcription
from experiments.schema import Variant
from model.config import Task
from reports.stored.official import official_score
from reports.stored.results import Results
from reports.tables.cell_states import Evidence, Verdict, is_outdated, judge
from reports.tables.cells import Cell, Row, RunLink, State, Table
from reports.tables.clip_statistics import ClipStatistics
from reports.tables.footnotes import footnotes
from reports.tables.matching import Places, match
from reports.tables.measures import measured_value
from reports.tables.published import rows_of_others
from reports.tables.ranking import ranked
from reports.tables.statistics import summarise


@dataclass(frozen=True)
class Known:
    """What is known apart from the trials of a table."""

    official: Sequence[EvaluationRecord] = ()
    """Scores of the authors' released weights."""
    protocols: Mapping[Task, ProtocolRecord] = field(default_factory=dict)
    """How scores are computed today."""
    links: Mapping[str, RunLink] = field(default_factory=dict)
    """Where MLflow shows a trial, by trial key."""


def build_table(
    study: Study,
    trials: Sequence[Trial],
    results: Results,
    known: Known | None = None,
    statistics: ClipStatistics | None = None,
) -> Table:
    """Lays the experiment out as its table: all its tasks are columns, also those the scale does not train.

    A column never mixes protocols or data sets: where results disagree on either, its cells hold no number.

    Args:
        study: the experiment at one scale.
        trials: its trials, with or without data fingerprint; none of an experiment that is not trained here.
        results: of the storage.
        known: what is known beside.
        statistics: reads per-clip scores; the same one for several tables reads each file once.
    """
    experiment = study.experiment
    columns = columns_of(experiment)
    builder = _Builder(study, trials, match(trials, results, (known or Known()).links), known or Known())
    own = [builder.row(variant, columns) for variant in experiment.variants]
    completed = (statistics or ClipStatistics()).complete(own, experiment.statistics)
    rows = ranked([*rows_of_others(experiment, columns), *completed], columns, study.scale)
    cells = [cell for row in rows for cell in row.cells]
    return Table(
        study=study.name,
        title=experiment.title,
        paper=transcription(experiment.paper).paper,
        number=experiment.table.number,
        caption=experiment.table.caption,
        row_header=experiment.table.row_header,
        side_header=experiment.table.side_header,
        variants_are=experiment.table.variants_are,
        scale=study.scale,
        scale_note=study.settings.note,
        columns=columns,
        rows=rows,
        statistics=experiment.statistics,
        protocols=_protocols(cells),
        footnotes=footnotes(experiment, rows),
        commands=tuple(_commands(study, cells)),
    )


class _Builder:
    """The rows that are trained here."""

    def __init__(self, study: Study, trials: Sequence[Trial], places: Places, known: Known) -> None:
        self._study, self._trials, self._places, self._known = study, trials, places, known
        self._results = {task: list(self._fresh_results(task)) for task in study.experiment.tasks}

    def row(self, variant: Variant, columns: Sequence[Column]) -> Row:
        group = self._study.experiment.table.own_group
        cells = tuple(self._cell(variant, column) for column in columns)
        return Row(variant.name, variant.label, cells, variant.side, group)

    def _cell(self, variant: Variant, column: Column) -> Cell:
        task = task_of(column, self._study.experiment)
        own = [
            trial
            for trial in self._trials
            if (trial.variant, trial.task, trial.start) == (variant.name, task, column.start)
        ]
        evidence = self._places.get((variant.name, task, column.start), Evidence())
        verdict = self._judge(evidence, task, len(own))
        counted = [run.stored.result for run in verdict.counted if run.stored.result is not None]
        values = [value for result in counted if (value := measured_value(result, column)) is not None]
        measured = verdict.state == "measured" and bool(values)
        experiment, name = self._study.experiment, variant.reported
        return Cell(
            row=variant.name,
            column=column,
            state=verdict.state if measured or verdict.state != "measured" else "not_run",
            why=verdict.why if measured or verdict.state != "measured" else "its results are older than this measure",
            runs=evidence.runs or evidence.elsewhere,
            counted=verdict.counted if values else (),
            wanted=len(own),
            summary=summarise(values, experiment.statistics.confidence) if measured else None,
            reported=reported_value(experiment.paper, experiment.table.number, name, column) if name else None,
            reported_gain=reported_gain(experiment.paper, experiment.table.number, name, column) if name else None,
            official=official_score(self._known.official, own, self._results[task], column),
        )

    def _judge(self, evidence: Evidence, task: Task, wanted: int) -> Verdict:
        if not self._study.is_trained:
            return Verdict("not_trained", "no preset names its network yet", ())
        return judge(evidence, task, wanted, self._known.protocols, _mixture(self._results[task]))

    def _fresh_results(self, task: Task) -> Iterator[ResultRecord]:
        for (_, found, _), evidence in self._places.items():
            for run in evidence.runs if found == task else ():
                if run.stored.result is not None and not is_outdated(run, self._known.protocols.get(task)):
                    yield run.stored.result


def _mixture(results: Sequence[ResultRecord]) -> State | None:
    """What, if anything, forbids putting a task's results side by side."""
    if len({result.protocol for result in results}) > 1:
        return "mixed_protocol"
    if len({result.provenance.data_fingerprint for result in results}) > 1:
        return "mixed_data"
    return None


def _protocols(cells: Iterable[Cell]) -> tuple[ProtocolRecord, ...]:
    results = [run.stored.result for cell in cells for run in cell.counted]
    found = {result.protocol for result in results if result is not None}
    return tuple(sorted(found, key=lambda protocol: protocol.model_dump_json()))


def _commands(study: Study, cells: Sequence[Cell]) -> Iterator[str]:
    if not study.is_trained:
        return
    assigned = [f"{key}={json.dumps(value)}" for key, value in study.assigned.items()]
    own = [cell for cell in cells if cell.is_ours]
    if any(cell.wanted and not cell.complete for cell in own):
        scale = [] if study.scale == FULL else ["--scale", study.scale]
        verb = "retry" if any(cell.state == "failed" for cell in own) else "run"
        yield shlex.join(["combo", verb, study.name, *scale, *assigned])
    if any(cell.wanted == 0 for cell in own):
        yield shlex.join(["combo", "run", study.name, *assigned])
