"""Builds a table of a paper from stored trials."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from experiments.expand import FULL, Study, Trial
from experiments.records import EvaluationRecord, ProtocolRecord, ResultRecord
from experiments.reported import reported_value, transcription
from experiments.schema import Variant
from reports.cells import Cell, Column, Row, Run, State, Table
from reports.footnotes import footnotes
from reports.matching import Places, match
from reports.official import OfficialScore, official_score
from reports.results import StoredTrial
from reports.statistics import summarise


def build_table(
    study: Study, trials: Sequence[Trial], stored: Sequence[StoredTrial], official: Sequence[EvaluationRecord] = ()
) -> Table:
    """Lays the experiment out as its table: all its tasks are columns, also those the scale does not train.

    A column never mixes protocols or data sets: where results disagree on either, its cells hold no number.

    Args:
        study: the experiment at one scale.
        trials: its trials, with or without data fingerprint.
        stored: what `reports.results.read_trials` found.
        official: what `reports.official.read_official_evaluations` found.
    """
    experiment = study.experiment
    columns = tuple(Column(task, metric) for task in experiment.tasks for metric in experiment.table.metrics)
    places = match(trials, stored)
    table_columns = [_column_cells(study, column, trials, places, official) for column in columns]
    cells_by_variant = list(zip(*table_columns, strict=True))
    cells = [cell for row in cells_by_variant for cell in row]
    return Table(
        study=study.name,
        title=experiment.title,
        paper=transcription(experiment.paper).paper,
        number=experiment.table.number,
        caption=experiment.table.caption,
        row_header=experiment.table.row_header,
        scale=study.scale,
        scale_note=study.settings.note,
        columns=columns,
        rows=tuple(
            Row(variant.name, variant.label, row)
            for variant, row in zip(experiment.variants, cells_by_variant, strict=True)
        ),
        protocols=_protocols(cells),
        footnotes=footnotes(experiment, cells),
        commands=tuple(_commands(study, cells)),
    )


def _column_cells(
    study: Study, column: Column, trials: Sequence[Trial], places: Places, official: Sequence[EvaluationRecord]
) -> list[Cell]:
    mixture = _mixture(runs for (_, task), runs in places.items() if task == column.task)
    in_column = [run.stored.result for (_, task), runs in places.items() if task == column.task for run in runs]
    results = [result for result in in_column if result is not None]
    cells: list[Cell] = []
    for variant in study.experiment.variants:
        own = [trial for trial in trials if (trial.variant, trial.task) == (variant.name, column.task)]
        released = official_score(official, own, results, column.metric)
        runs = places.get((variant.name, column.task), ())
        cells.append(_cell(study, variant, column, runs, len(own), mixture, released))
    return _mark_best(cells)


def _mixture(places: Iterable[tuple[Run, ...]]) -> State | None:
    """What, if anything, forbids putting a task's results into one column."""
    results = [run.stored.result for runs in places for run in runs if run.stored.result is not None]
    if len({result.protocol for result in results}) > 1:
        return "mixed_protocol"
    if len({result.provenance.data_fingerprint for result in results}) > 1:
        return "mixed_data"
    return None


def _cell(
    study: Study,
    variant: Variant,
    column: Column,
    runs: tuple[Run, ...],
    wanted: int,
    mixture: State | None,
    official: OfficialScore | None,
) -> Cell:
    experiment = study.experiment
    reported = None
    if variant.reported is not None:
        number = experiment.table.number
        reported = reported_value(experiment.paper, number, variant.reported, column.task, column.metric)
    results = [run.stored.result for run in runs if run.stored.result is not None]
    state = _state(runs, results, mixture)
    scores = [100 * getattr(result.score, column.metric) for result in results]
    summary = summarise(scores) if state == "measured" else None
    return Cell(variant.name, column, state, runs, wanted, summary, reported, official)


def _state(runs: tuple[Run, ...], results: Sequence[ResultRecord], mixture: State | None) -> State:
    if results:
        return mixture or "measured"
    if any(run.stored.problem is None for run in runs):
        return "unfinished"
    return "unreadable" if runs else "not_run"


def _mark_best(cells: list[Cell]) -> list[Cell]:
    means = [cell.summary.mean for cell in cells if cell.summary is not None]
    if len(means) < 2:
        return cells
    best = max(means)
    return [replace(cell, best=cell.summary is not None and cell.summary.mean == best) for cell in cells]


def _protocols(cells: Sequence[Cell]) -> tuple[ProtocolRecord, ...]:
    results = [run.stored.result for cell in cells for run in cell.finished]
    found = {result.protocol for result in results if result is not None}
    return tuple(sorted(found, key=lambda protocol: protocol.model_dump_json()))


def _commands(study: Study, cells: Sequence[Cell]) -> Iterator[str]:
    assigned = [f"{key}={json.dumps(value)}" for key, value in study.assigned.items()]
    if any(cell.wanted and not cell.complete for cell in cells):
        scale = [] if study.scale == FULL else ["--scale", study.scale]
        yield shlex.join(["combo", "run", study.name, *scale, *assigned])
    if any(cell.wanted == 0 for cell in cells):
        yield shlex.join(["combo", "run", study.name, *assigned])
