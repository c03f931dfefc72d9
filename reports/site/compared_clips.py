"""The same test clips as the rows of a table predict them, one trial of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError, Problem
from experiments.prediction_record import ENDING
from experiments.records import PREDICTIONS_DIR
from model.config import Task
from reports.addresses import run_address
from reports.render.wording import row_label, task_name
from reports.site.clip_strips import Strip, drawn_strip
from reports.stored.predictions import StoredPrediction, read_prediction
from reports.tables.cells import Run, Table

SHOWN = 3
"""Clips of each task: the first that every trial predicts, see `experiments.prediction_record.Choice`."""


@dataclass(frozen=True)
class PredictedClip:
    """A clip as one row predicts it."""

    label: str
    """The row's label; may hold LaTeX math between dollar signs."""
    seed: int
    address: str
    """Place of the run on the table's page."""
    m_j: float
    """Percent, of this clip alone, as is `m_f`."""
    m_f: float
    truth: Strip
    prediction: Strip


@dataclass(frozen=True)
class ComparedClip:
    """A clip as all rows predict it that have stored it."""

    name: str
    category: str
    task: Task
    task_name: str
    """Such as `MS3 from S4`."""
    frames: int
    views: tuple[PredictedClip, ...]
    """In the order of the rows, at least one."""


def compare_clips(table: Table) -> tuple[list[ComparedClip], list[Problem]]:
    """The clips by task, of each row its finished trial with the lowest seed; and files that are damaged."""
    clips: list[ComparedClip] = []
    problems: list[Problem] = []
    for task, start in dict.fromkeys((column.task, column.start) for column in table.columns):
        if task is not None:
            trials = list(_trials(table, task, start))
            clips += _of_task(task, task_name(task, start), trials, problems)
    return clips, problems


def _trials(table: Table, task: Task, start: Task | None) -> Iterator[tuple[str, Run]]:
    """Label of a row, and its trial."""
    for row in table.rows:
        finished = [run for run in row.runs.get((task, start), ()) if run.stored.result is not None]
        if finished:
            yield row_label(row), min(finished, key=lambda run: run.seed)


def _of_task(
    task: Task, name: str, trials: Sequence[tuple[str, Run]], problems: list[Problem]
) -> Iterator[ComparedClip]:
    for file in _files(trials, problems):
        found = [(label, run, _read(run.stored.path / PREDICTIONS_DIR / file, problems)) for label, run in trials]
        shown = [(label, run, prediction) for label, run, prediction in found if prediction is not None]
        if shown:
            record = shown[0][2].record
            views = tuple(_view(*one) for one in shown)
            yield ComparedClip(record.clip, record.category, task, name, record.seconds, views)


def _files(trials: Sequence[tuple[str, Run]], problems: list[Problem]) -> list[str]:
    """Names of the files of the clips to show, as the first trial with any has stored them."""
    for _, run in trials:
        paths = sorted((run.stored.path / PREDICTIONS_DIR).glob(f"[!.]*{ENDING}"))
        read = [(prediction, path.name) for path in paths if (prediction := _read(path, problems)) is not None]
        chosen = [(one.record.choice.rank, name) for one, name in read if one.record.choice.rule == "first-by-category"]
        if chosen:
            return [name for _, name in sorted(chosen)[:SHOWN]]
    return []


def _read(path: Path, problems: list[Problem]) -> StoredPrediction | None:
    if not path.is_file():
        return None
    try:
        return read_prediction(path)
    except InputError as error:
        problems += error.problems
        return None


def _view(label: str, run: Run, stored: StoredPrediction) -> PredictedClip:
    classes = stored.record.classes
    return PredictedClip(
        label=label,
        seed=run.seed,
        address=run_address(run.key),
        m_j=100 * stored.record.m_j,
        m_f=100 * stored.record.m_f,
        truth=drawn_strip(stored.frames, stored.truth, classes),
        prediction=drawn_strip(stored.frames, stored.prediction, classes),
    )
