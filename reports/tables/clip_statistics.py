"""What a table says beyond its means: intervals over clips, and which rows differ from its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.errors import InputError, Problem
from experiments.schema import Statistics
from reports.stored.scores import ClipScores, Floats, ScoreTerms, read_clip_scores
from reports.tables.bootstrap import bootstrap_scores, percentile_interval
from reports.tables.cells import Cell, Row
from reports.tables.paired_test import paired_test
from reports.tables.statistics import Difference


class ClipStatistics:
    """Reads per-clip scores as tables ask for them; each file once."""

    def __init__(self) -> None:
        self._read: dict[str, ClipScores | None] = {}
        self._drawn: dict[tuple[str, ...], Floats] = {}
        self._problems: dict[str, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why some cells have no interval or no comparison."""
        return tuple(self._problems.values())

    def complete(self, rows: Sequence[Row], asked: Statistics) -> tuple[Row, ...]:
        """The rows of a table with what its statistics ask for."""
        baseline = next((row for row in rows if row.name == asked.baseline), None)
        if asked.interval == "student_t" and baseline is None:
            return tuple(rows)
        return tuple(self._row(row, baseline, asked) for row in rows)

    def _row(self, row: Row, baseline: Row | None, asked: Statistics) -> Row:
        others = baseline.cells if baseline is not None and baseline is not row else (None,) * len(row.cells)
        pairs = zip(row.cells, others, strict=True)
        return replace(row, cells=tuple(self._cell(cell, other, asked) for cell, other in pairs))

    def _cell(self, cell: Cell, baseline: Cell | None, asked: Statistics) -> Cell:
        if cell.summary is None:
            return cell
        terms, summary, difference = self._terms(cell), cell.summary, None
        if asked.interval == "bootstrap":
            summary = replace(summary, interval=self._interval(cell, terms, asked))
        if terms and baseline is not None and (other := self._terms(baseline)) and self._same_clips(cell, baseline):
            test = paired_test(terms, other, asked.resamples)
            significant, clips = test.p_value < asked.significance, len(terms[0].values)
            difference = Difference(baseline.row, 100 * test.difference, test.p_value, significant, clips)
        return replace(cell, summary=summary, difference=difference)

    def _interval(self, cell: Cell, terms: Sequence[ScoreTerms], asked: Statistics) -> tuple[float, float] | None:
        """Over clips, in percent; none, rather than one of another kind, where nothing is known of them."""
        if not terms:
            return None
        low, high = percentile_interval(self._resampled(cell, terms, asked), asked.confidence)
        return 100 * low, 100 * high

    def _resampled(self, cell: Cell, terms: Sequence[ScoreTerms], asked: Statistics) -> Floats:
        """The cell's score in each resample; tables share trials."""
        place = *(run.key for run in cell.counted), str(cell.column.metric), str(asked.resamples)
        if place not in self._drawn:
            self._drawn[place] = bootstrap_scores(terms, asked.resamples)
        return self._drawn[place]

    def _terms(self, cell: Cell) -> list[ScoreTerms]:
        """What the clips add to a cell's score, seed by seed; empty where that is not known for all of them."""
        metric = cell.column.metric
        if cell.summary is None or (metric != "m_j" and metric != "m_f"):
            return []
        terms: list[ScoreTerms] = []
        for run in cell.counted:
            result, scores = run.stored.result, self._scores(cell, run.key)
            if result is None or scores is None:
                return []
            try:
                terms.append(scores.terms(metric, result.protocol))
            except InputError as error:
                self._note(error.problems[0])
                return []
        if self._are_of_the_same_clips(cell):
            return terms
        what = "has seeds that were scored on different clips, so it gets no interval over clips and no comparison"
        self._note(Problem(_place(cell), what))
        return []

    def _scores(self, cell: Cell, key: str) -> ClipScores | None:
        if key not in self._read:
            (folder,) = {run.stored.scores_folder for run in cell.counted if run.key == key}
            try:
                self._read[key] = read_clip_scores(folder)
            except InputError as error:
                self._note(error.problems[0])
                self._read[key] = None
        return self._read[key]

    def _are_of_the_same_clips(self, *cells: Cell) -> bool:
        scores = [self._read[run.key] for cell in cells for run in cell.counted]
        return len({one.names for one in scores if one is not None}) == 1

    def _same_clips(self, cell: Cell, baseline: Cell) -> bool:
        if self._are_of_the_same_clips(cell, baseline):
            return True
        what = f"is not compared with '{baseline.row}', as they were scored on different clips"
        self._note(Problem(_place(cell), what))
        return False

    def _note(self, problem: Problem) -> None:
        self._problems[str(problem)] = problem


def _place(cell: Cell) -> str:
    """The row on its task, for people."""
    return f"row '{cell.row}', {str(cell.column.task).upper()}"
