"""Which stored predictions a figure shows: the same clips for all its rows, of trials that differ in nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.errors import Problem
from experiments.expand import FULL, Study
from experiments.figure_schema import Clips, FigureRow, Trained
from reports.figures.figure_inputs import Asked, Missing
from reports.stored.predictions import StoredPrediction, read_predictions
from reports.stored.results import Results
from reports.tables.cells import Run
from reports.tables.matching import match


@dataclass(frozen=True, eq=False)
class ShownClip:
    """One clip as the trials of all rows predict it."""

    predictions: tuple[StoredPrediction, ...]
    """In the order of the rows."""
    runs: tuple[Run, ...]

    @property
    def first(self) -> StoredPrediction:
        """For frames, sound and truth, which all rows share."""
        return self.predictions[0]


@dataclass(frozen=True)
class _Stored:
    """The predictions of one row's trial."""

    run: Run
    clips: Mapping[tuple[str, str], StoredPrediction]
    """By category and clip, in the order in which they were chosen."""
    problems: Sequence[Problem]


def chosen_runs(trained: Trained, rows: Sequence[FigureRow], asked: Asked, results: Results) -> list[Run] | Missing:
    """One finished trial per row, all on the same data and with the same seed, the lowest that all have.

    Args:
        trained: experiment and task.
        rows: variants.
        asked: the experiment at the report's scale.
        results: of the storage.
    """
    variants = {row.variant for row in rows}
    trials = [trial for trial in asked.trials if trial.task == trained.task and trial.variant in variants]
    places = match(trials, results)
    finished: list[dict[tuple[str, int], Run]] = []
    for row in rows:
        evidence = places.get((row.variant, trained.task, None))
        runs = [run for run in (evidence.runs if evidence else ()) if run.stored.result is not None]
        if not runs:
            what = f"{row.variant} has no finished trial on {trained.task.upper()}"
            return Missing(f"{what}; to train it: {_run_command(asked.study)}")
        finished.append({(_data_of(run), run.seed): run for run in reversed(runs)})
    common = set(finished[0]).intersection(*finished[1:])
    if not common:
        return Missing(f"no seed of {', '.join(sorted(variants))} is finished for all of them on the same data")
    if len({data for data, _ in common}) > 1:
        return Missing(f"{trained.experiment} is finished on several data sets; name one of them with --data")
    return [runs[min(common)] for runs in finished]


def shown_clips(
    trained: Trained, rows: Sequence[FigureRow], asked: Asked, results: Results
) -> list[ShownClip] | Missing:
    """The clips of a figure as its rows' trials predict them; see `chosen_runs`."""
    runs = chosen_runs(trained, rows, asked, results)
    if isinstance(runs, Missing):
        return runs
    stored = [_read(run) for run in runs]
    names = _named(trained.clips, stored) if trained.clips.ids else _by_rule(trained.clips, stored)
    if isinstance(names, Missing):
        return names
    return [ShownClip(tuple(row.clips[name] for row in stored), tuple(runs)) for name in names]


def _read(run: Run) -> _Stored:
    predictions, problems = read_predictions(run.stored.path)
    return _Stored(run, {prediction.name: prediction for prediction in predictions}, problems)


def _named(clips: Clips, stored: Sequence[_Stored]) -> list[tuple[str, str]] | Missing:
    for row in stored:
        unknown = [clip for clip in clips.ids if clip not in {name for _, name in row.clips}]
        if unknown:
            return _lacking(row, f" --clip {shlex.quote(unknown[0])}")
    return [name for clip in clips.ids for name in stored[0].clips if name[1] == clip]


def _by_rule(clips: Clips, stored: Sequence[_Stored]) -> list[tuple[str, str]] | Missing:
    chosen = [name for name, one in stored[0].clips.items() if one.record.choice.rule == "first-by-category"]
    wanted = chosen[clips.after : clips.after + clips.count]
    for row in stored:
        if not row.clips or not set(wanted) <= set(row.clips):
            return _lacking(row, "")
    if not wanted:
        return Missing(f"it shows clips after the first {clips.after}, and {len(chosen)} are predicted")
    return wanted


def _lacking(row: _Stored, option: str) -> Missing:
    damage = f" ({row.problems[0]})" if row.problems else ""
    what = f"trial {row.run.key} has not stored its predictions of the clips{damage}"
    return Missing(f"{what}; to make them: combo report clips {row.run.key}{option}")


def _data_of(run: Run) -> str:
    config = run.stored.config
    return "" if config is None else config.data.fingerprint


def _run_command(study: Study) -> str:
    return f"combo run {study.name}{'' if study.scale == FULL else f' --scale {study.scale}'}"
