"""Builds a table of a paper from stored trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from experiments.columns import columns_of, task_of
from experiments.papers import Paper
from experiments.printed_commands import ON_PATH, Caller
from experiments.records import EvaluationRecord, ProtocolRecord, ResultRecord
from experiments.references import references
from experiments.reported import Column, PublishedRow, published_rows, reported_gain, reported_value
from experiments.scaled_experiment import ScaledExperiment
from experiments.schema import Experiment, Variant
from experiments.trial import Trial
from model.config import Task
from reports.stored.imported import imported_score
from reports.stored.rescored import Rescored
from reports.stored.results import Results
from reports.stored.stored_trial import StoredTrial
from reports.tables.cell_states import Evidence, Verdict, is_outdated, judge
from reports.tables.cells import Cell, Row, Run, RunLink, Table
from reports.tables.clip_statistics import ClipStatistics
from reports.tables.footnotes import footnotes
from reports.tables.matching import Places, match
from reports.tables.measures import measured_value
from reports.tables.mixtures import mixture_of
from reports.tables.ranking import ranked
from reports.tables.remedies import Filling, remedies_of
from reports.tables.statistics import summarise


@dataclass(frozen=True)
class Known:
    """Inputs of a table beside its trials."""

    imported: Sequence[EvaluationRecord] = ()
    """Scores of imported weights."""
    rescored: Rescored = field(default_factory=Rescored)
    """Trials that were scored again."""
    protocols: Mapping[Task, ProtocolRecord] = field(default_factory=dict)
    """How scores are computed today, or as is asked for."""
    links: Mapping[str, RunLink] = field(default_factory=dict)
    """Where MLflow shows a trial, by trial key."""
    filling: Mapping[str, Filling] = field(default_factory=dict)
    """What it takes to fill what is missing, by the name of the experiment."""
    caller: Caller = ON_PATH
    """How the user of the report calls `combo`."""
    asked_protocol: str = ""
    """Name of the protocol that is asked for instead of today's; empty for none."""


def build_table(
    scaled: ScaledExperiment,
    trials: Sequence[Trial],
    results: Results,
    known: Known | None = None,
    statistics: ClipStatistics | None = None,
) -> Table:
    """Lays the experiment out as its table: all its tasks are columns, also those the scale does not train.

    A column never mixes protocols or data sets: where results disagree on either, its cells hold no number.

    Args:
        scaled: the experiment at one scale.
        trials: its trials, with or without data fingerprint.
        results: of the storage.
        known: what is known beside.
        statistics: reads per-clip scores; the same one for several tables reads each file once.
    """
    experiment, known = scaled.experiment, known or Known()
    columns = columns_of(experiment)
    places = match(trials, results, known.links, lambda stored: _as_asked(stored, known))
    builder = _Builder(scaled, trials, places, known)
    own = [builder.row(variant, columns) for variant in experiment.variants]
    completed = (statistics or ClipStatistics()).complete(own, experiment.statistics)
    rows = ranked([*_rows_of_others(scaled.paper, experiment, columns), *completed], columns, scaled.scale)
    cells = [cell for row in rows for cell in row.cells]
    return Table(
        experiment=scaled.name,
        title=experiment.title,
        paper=scaled.paper.label,
        number=experiment.table.number,
        caption=experiment.table.caption,
        row_header=experiment.table.row_header,
        side_header=experiment.table.side_header,
        variants_are=experiment.table.variants_are,
        scale=scaled.scale,
        scale_note=scaled.settings.note,
        columns=columns,
        rows=rows,
        statistics=experiment.statistics,
        protocols=_protocols(cells),
        footnotes=footnotes(scaled.paper, experiment, rows),
        remedies=tuple(
            remedies_of(
                scaled, cells, known.filling.get(scaled.name, Filling()), known.caller, protocol=known.asked_protocol
            )
        ),
        references=references(scaled.paper),
    )


class _Builder:
    """The rows that are trained here."""

    def __init__(self, scaled: ScaledExperiment, trials: Sequence[Trial], places: Places, known: Known) -> None:
        self._scaled, self._trials, self._places, self._known = scaled, trials, places, known
        self._fresh = {task: self._scored_as_today(task) for task in scaled.experiment.tasks}

    def row(self, variant: Variant, columns: Sequence[Column]) -> Row:
        group = self._scaled.experiment.table.own_group
        cells = tuple(self._cell(variant, column) for column in columns)
        if variant.method is None:
            return Row(variant.name, variant.label, cells, variant.side, group)
        cite = next((cell.reported.cite for cell in cells if cell.reported is not None), None)
        return Row(variant.name, variant.label, cells, variant.side, group, cite, is_of_others=True)

    def _cell(self, variant: Variant, column: Column) -> Cell:
        task = task_of(column, self._scaled.experiment)
        own = [
            trial
            for trial in self._trials
            if (trial.variant, trial.task, trial.start) == (variant.name, task, column.start)
        ]
        evidence = self._places.get((variant.name, task, column.start), Evidence())
        verdict = self._judge(evidence, column, task, len(own))
        values = _values(verdict.counted, column)
        experiment = self._scaled.experiment
        paper, number = self._scaled.paper, experiment.table.number
        return Cell(
            row=variant.name,
            column=column,
            state=verdict.state,
            why=verdict.why,
            is_to_run=verdict.is_to_run,
            is_to_rescore=verdict.is_to_rescore,
            runs=evidence.runs or evidence.elsewhere,
            counted=verdict.counted,
            wanted=len(own),
            summary=summarise(values, experiment.statistics.confidence) if verdict.state == "measured" else None,
            reported=reported_value(paper, number, variant, column),
            reported_gain=reported_gain(paper, number, variant, column),
            imported=imported_score(self._known.imported, own, self._beside(own, task), column),
        )

    def _judge(self, evidence: Evidence, column: Column, task: Task, wanted: int) -> Verdict:
        verdict = judge(evidence, task, wanted, self._known.protocols, mixture_of(self._fresh[task], column))
        valued = tuple(run for run in verdict.counted if _values([run], column))
        if len(valued) == len(verdict.counted):
            return verdict
        older = f"{len(verdict.counted) - len(valued)} of its results are older than this measure"
        why = "; ".join(filter(None, (verdict.why, older)))
        return replace(verdict, state=verdict.state if valued else "stale", why=why, counted=valued)

    def _scored_as_today(self, task: Task) -> list[Run]:
        """The finished runs of a task, but for those under an older version of the protocol."""
        protocol = self._known.protocols.get(task)
        of_task = (evidence for (_, found, _), evidence in self._places.items() if found == task)
        runs = (run for evidence in of_task for run in evidence.runs)
        return [run for run in runs if run.stored.result is not None and not is_outdated(run, protocol)]

    def _beside(self, own: Sequence[Trial], task: Task) -> list[ResultRecord]:
        """The results of a task that see the same Maskiges as some trials."""
        proposers = {trial.config.proposer for trial in own}
        alike = (run.stored for run in self._fresh[task] if run.stored.config is not None)
        return [one.result for one in alike if one.result and one.config and one.config.proposer in proposers]


def _as_asked(stored: StoredTrial, known: Known) -> StoredTrial:
    """A trial under the protocol by which its cells are filled, if it was scored so."""
    protocol = None if stored.config is None else known.protocols.get(stored.config.data.task)
    return known.rescored.under(stored, protocol)


def _values(runs: Iterable[Run], column: Column) -> list[float]:
    results = (run.stored.result for run in runs)
    values = (measured_value(result, column) for result in results if result is not None)
    return [value for value in values if value is not None]


def _protocols(cells: Iterable[Cell]) -> tuple[ProtocolRecord, ...]:
    results = [run.stored.result for cell in cells for run in cell.counted]
    found = {result.protocol for result in results if result is not None}
    return tuple(sorted(found, key=lambda protocol: protocol.model_dump_json()))


def _rows_of_others(paper: Paper, experiment: Experiment, columns: Sequence[Column]) -> Iterator[Row]:
    """What the papers of other methods report, in the order of the experiment's file."""
    table = experiment.table
    for group in table.published:
        for method in group.methods:
            for published in published_rows(paper, table.number, method, columns):
                yield _published_row(published, columns, group.label, has_side=table.side_header is not None)


def _published_row(published: PublishedRow, columns: Sequence[Column], group: str, *, has_side: bool) -> Row:
    name = "/".join(filter(None, (published.method, published.backbone, published.variant)))
    cells = tuple(Cell(name, column, "published", reported=published.values.get(column)) for column in columns)
    apart = published.variant or published.backbone
    label = published.method if has_side or not apart else f"{published.method}, {apart}"
    return Row(name, label, cells, apart if has_side else "", group, published.cite)
