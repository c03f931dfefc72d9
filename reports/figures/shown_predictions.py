"""Which stored predictions a figure shows: the same clips for all its rows, of trials that differ in nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from experiments.errors import Problem
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
    problems: tuple[Problem, ...]
    """Problems of all stored predictions of these trials, including those not shown."""

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
            return Missing(f"{what}; to train it: {asked.scaled.command('run', asked.caller)}")
        finished.append({(_data_of(run), run.seed): run for run in reversed(runs)})
    common = set(finished[0]).intersection(*finished[1:])
    if not common:
        return Missing(f"no seed of {', '.join(sorted(variants))} is finished for all of them on the same data")
    if len({data for data, _ in common}) > 1:
        return Missing(f"{asked.scaled.name} is finished on several data sets; name one of them with --data")
    return [runs[min(common)] for runs in finished]


def shown_clips(
    trained: Trained, rows: Sequence[FigureRow], asked: Asked, results: Results
) -> list[ShownClip] | Missing:
    """The clips of a figure as its rows' trials predict them; see `chosen_runs`."""
    runs = chosen_runs(trained, rows, asked, results)
    if isinstance(runs, Missing):
        return runs
    stored = [_read(run) for run in runs]
    problems = tuple(problem for row in stored for problem in row.problems)
    names = _named(trained.clips, stored) if trained.clips.ids else _by_rule(trained.clips, stored)
    if isinstance(names, Missing):
        return Missing("; ".join((*map(str, problems), names.reason)))
    return [ShownClip(tuple(row.clips[name] for row in stored), tuple(runs), problems) for name in names]


def _read(run: Run) -> _Stored:
    predictions, problems = read_predictions(run.stored.path)
    return _Stored(run, {prediction.name: prediction for prediction in predictions}, problems)


def _named(clips: Clips, stored: Sequence[_Stored]) -> list[tuple[str, str]] | Missing:
    known = dict.fromkeys(name for row in stored for name in row.clips)
    wanted = {clip: [name for name in known if name[1] == clip] for clip in clips.ids}
    for row in stored:
        lacking = [clip for clip, names in wanted.items() if not names or not set(names) <= set(row.clips)]
        if lacking:
            return _lacking(row, lacking, [word for clip in lacking for word in ("--clip", clip)])
    return [name for names in wanted.values() for name in names]


def _by_rule(clips: Clips, stored: Sequence[_Stored]) -> list[tuple[str, str]] | Missing:
    """By stored rank, so that a prediction which cannot be read leaves a gap and moves no other into its place."""
    chosen = [one for row in stored for one in row.clips.values() if one.record.choice.rule == "first-by-category"]
    if not chosen:
        return _lacking(stored[0], _numbers(range(clips.after, clips.after + clips.count)))
    names = {one.record.choice.rank: one.name for one in reversed(chosen)}
    count = max(one.record.choice.chosen for one in chosen)
    wanted = range(clips.after, min(clips.after + clips.count, count))
    if not wanted:
        return Missing(f"it shows clips after the first {clips.after}, and {count} are predicted")
    for row in stored:
        lacking = [rank for rank in wanted if names.get(rank) not in row.clips]
        if lacking:
            return _lacking(row, _numbers(lacking))
    return [names[rank] for rank in wanted]


def _numbers(ranks: Iterable[int]) -> list[str]:
    """Ranks counted from 1, as captions show them."""
    return [str(rank + 1) for rank in ranks]


def _lacking(row: _Stored, clips: Sequence[str], options: Sequence[str] = ()) -> Missing:
    what = f"trial {row.run.key} has not stored its predictions of clip{'s' * (len(clips) > 1)} {', '.join(clips)}"
    return Missing(f"{what}; to make them: {shlex.join(('combo', 'report', 'clips', row.run.key, *options))}")


def _data_of(run: Run) -> str:
    config = run.stored.config
    return "" if config is None else config.data.fingerprint
