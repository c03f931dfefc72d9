"""What a figure's caption must say besides: which clips and why, which trials, and what is not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.figure_schema import FigureRow, Shown, Trained
from reports.figures.figure_inputs import Asked, FigureInputs
from reports.figures.shown_predictions import ShownClip
from reports.render.wording import number


def notes_on(
    trained: Trained, clips: Sequence[ShownClip], rows: Sequence[FigureRow], inputs: FigureInputs
) -> Iterator[str]:
    """Sentences about predictions: trials, clips with their scores, damage, and the scale's own warning."""
    runs = clips[0].runs
    labels = {run.key: row.label for row, run in zip(rows, runs, strict=True)}
    task, seed = trained.task.upper(), runs[0].seed
    if len(labels) == 1:
        yield f"Trial on {task}, seed {seed}: {runs[0].key}."
        yield f"$M_J$: {'; '.join(map(_scores, clips))}."
    else:
        keys = ", ".join(f"{label} {key}" for key, label in labels.items())
        yield f"Trials on {task}, seed {seed}: {keys}."
        yield f"$M_J$ in these rows: {'; '.join(map(_scores, clips))}."
    yield clip_note(trained, len(clips))
    if problems := clips[0].problems:
        yield f"Among the stored predictions: {one_sentence([str(problem) for problem in problems])}."
    asked = inputs.experiments[trained.experiment]
    if isinstance(asked, Asked) and asked.scaled.settings.note:
        yield asked.scaled.settings.note


def clip_note(shown: Shown, found: int) -> str:
    """How the clips were chosen.

    Args:
        shown: which clips are asked for.
        found: how many there are of them.
    """
    if shown.clips.ids:
        return "The clips were chosen by name."
    first, last = shown.clips.after + 1, shown.clips.after + found
    numbers = f"is clip {first}" if first == last else f"are clips {first} to {last}"
    order = "counting every category's first clip by name before the second ones"
    return f"Shown {numbers} of the test split, {order}; no score had a say in it."


def left_out(reasons: Sequence[str]) -> Iterator[str]:
    """What the figure would show besides."""
    if reasons:
        yield f"Not shown: {one_sentence(reasons)}."


def one_sentence(reasons: Sequence[str]) -> str:
    """Reasons in their order, each once."""
    return "; ".join(dict.fromkeys(reasons))


def proposer_notes(lacking: Sequence[str]) -> Iterator[str]:
    """Proposers of the paper whose Maskiges are nowhere."""
    if lacking:
        yield f"The data has no Maskiges of {', '.join(lacking)}; combo data maskige makes them."


def _scores(clip: ShownClip) -> str:
    """Scores of one clip, trial by trial."""
    of_trials = {run.key: prediction for run, prediction in zip(clip.runs, clip.predictions, strict=True)}
    scores = " and ".join(number(100 * prediction.record.m_j) for prediction in of_trials.values())
    return f"{clip.first.record.clip} {scores}"
