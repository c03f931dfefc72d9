"""The papers' figures, rebuilt from stored predictions and clips of the data; one that cannot be built says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure as Painted

from experiments.figure_schema import (
    AnyFigure,
    AttentionMaps,
    Comparison,
    FigureRow,
    HeatMaps,
    MaskigeRows,
    Palette,
    Shown,
    SubTasks,
    Trained,
)
from experiments.figures import rows_of, trained_in
from experiments.papers import Paper
from experiments.reported import figure_numbers
from reports.drawing.plot import PaperFigure, Plot
from reports.drawing.style import draw
from reports.figures import clip_blocks
from reports.figures.caption_notes import clip_note, left_out, notes_on, one_sentence, proposer_notes
from reports.figures.figure_inputs import FigureInputs, Missing, Sample
from reports.figures.palette import paint_palette
from reports.figures.sheet import Block, lay_out
from reports.figures.sheet_painter import paint
from reports.figures.shown_predictions import ShownClip, chosen_runs, shown_clips
from reports.render.math_label import in_unicode
from reports.stored.results import Results

HEAT_COLUMNS, COMPARISON_COLUMNS = 10, 15
"""Most pictures side by side: two clips of five frames, three of them."""
HEAT_NOTE = (
    "Colour is the share of a pixel's class scores that is not background's. The numbers are the cosine similarity of "
    "the flattened maps of neighbouring frames."
)
HEAT_RAMP = "share of the scores that is not background's"
ATTENTION_NOTE = "Colour is attention, from the lowest to the highest of each row and clip. It ranges over:"
ATTENTION_RAMP = "attention, from the row's lowest to its highest"


@dataclass(frozen=True)
class _Drawing:
    """A figure ready to be painted, with what its caption must say besides."""

    paint: partial[Painted]
    notes: tuple[str, ...] = ()


def build_paper_figures(
    paper: Paper, figures: Sequence[AnyFigure], inputs: FigureInputs, results: Results
) -> list[PaperFigure]:
    """Figures of a paper, in their order; the same inputs always give the same bytes.

    Args:
        paper: whose they are.
        figures: their definitions.
        inputs: experiments at the report's scale, samples of the data, the palette.
        results: of the storage; the predictions of `predicting_trials` must lie beside them.
    """
    return [_build(paper, figure, inputs, results) for figure in figures]


def predicting_trials(figures: Iterable[AnyFigure], inputs: FigureInputs, results: Results) -> list[str]:
    """Keys of the trials whose stored predictions the figures show, each once."""
    keys: list[str] = []
    for figure in figures:
        for trained in trained_in(figure):
            asked = inputs.experiments[trained.experiment]
            runs = asked if isinstance(asked, Missing) else chosen_runs(trained, rows_of(figure), asked, results)
            keys += [] if isinstance(runs, Missing) else [run.key for run in runs]
    return list(dict.fromkeys(keys))


def _build(paper: Paper, figure: AnyFigure, inputs: FigureInputs, results: Results) -> PaperFigure:
    slug = f"{paper.name}-figure{figure.number}"
    drawing = _drawing(paper, figure, inputs, results)
    if isinstance(drawing, Missing):
        return PaperFigure(slug, paper.label, figure.number, figure.title, figure.caption, None, drawing.reason)
    caption = " ".join((figure.caption, *drawing.notes))
    plot = Plot(slug, figure.title, in_unicode(f"{figure.title}. {figure.caption}"), *draw(drawing.paint))
    return PaperFigure(slug, paper.label, figure.number, figure.title, caption, plot)


def _drawing(paper: Paper, figure: AnyFigure, inputs: FigureInputs, results: Results) -> _Drawing | Missing:
    match figure:
        case HeatMaps():
            return _heat_maps(paper, figure, inputs, results)
        case AttentionMaps():
            return _attention_maps(figure, inputs, results)
        case Comparison():
            return _comparison(figure, inputs, results)
        case Palette():
            return _Drawing(partial(paint_palette, inputs.palette[: figure.colours]))
        case MaskigeRows():
            return _maskiges(figure, inputs)
        case SubTasks():
            return _sub_tasks(figure, inputs)


def _heat_maps(paper: Paper, figure: HeatMaps, inputs: FigureInputs, results: Results) -> _Drawing | Missing:
    clips = _predicted(figure.trained, figure.rows, inputs, results)
    if isinstance(clips, Missing):
        return clips
    blocks = [clip_blocks.heat_block(clip, figure.rows) for clip in clips]
    sheet = lay_out(blocks, HEAT_COLUMNS, HEAT_RAMP)
    notes = (HEAT_NOTE, *_printed(paper, figure), *notes_on(figure.trained, clips, figure.rows, inputs))
    return _Drawing(partial(paint, sheet), notes)


def _attention_maps(figure: AttentionMaps, inputs: FigureInputs, results: Results) -> _Drawing | Missing:
    clips = _predicted(figure.trained, figure.rows, inputs, results)
    if isinstance(clips, Missing):
        return clips
    for clip in clips:
        for row, run, prediction in zip(figure.rows, clip.runs, clip.predictions, strict=True):
            if row.map not in prediction.attention:
                known = ", ".join(sorted(prediction.attention)) or "none"
                return Missing(f"{row.variant} has no attention map '{row.map}' (trial {run.key} has {known})")
    blocks = [clip_blocks.attention_block(_title(figure.trained), clip, figure.rows) for clip in clips]
    sheet = lay_out(blocks, HEAT_COLUMNS, ATTENTION_RAMP)
    notes = (f"{ATTENTION_NOTE} {_extremes(figure, clips)}.", *notes_on(figure.trained, clips, figure.rows, inputs))
    return _Drawing(partial(paint, sheet), notes)


def _extremes(figure: AttentionMaps, clips: Sequence[ShownClip]) -> str:
    """The range of every row over all clips, as nobody can tell it from colours that are stretched to it."""
    ranges = []
    for place, row in enumerate(figure.rows):
        maps = [clip.predictions[place].attention[row.map] for clip in clips]
        ranges.append(f"{row.label} {min(one.min() for one in maps):.3f} to {max(one.max() for one in maps):.3f}")
    return "; ".join(ranges)


def _comparison(figure: Comparison, inputs: FigureInputs, results: Results) -> _Drawing | Missing:
    blocks: list[Block] = []
    notes: list[str] = []
    reasons: list[str] = []
    for trained in figure.blocks:
        clips = _predicted(trained, figure.rows, inputs, results)
        if isinstance(clips, Missing):
            reasons.append(clips.reason)
            continue
        blocks += [clip_blocks.comparison_block(_title(trained), clip, figure.rows) for clip in clips]
        notes += notes_on(trained, clips, figure.rows, inputs)
    if not blocks:
        return Missing(one_sentence(reasons))
    sheet = lay_out(blocks, COMPARISON_COLUMNS)
    return _Drawing(partial(paint, sheet), (*dict.fromkeys(notes), *left_out(reasons)))


def _sub_tasks(figure: SubTasks, inputs: FigureInputs) -> _Drawing | Missing:
    found, reasons = _samples(figure.samples, inputs)
    if not found:
        return Missing(one_sentence(reasons))
    blocks = [clip_blocks.sub_task_block(_title(shown), one) for shown, samples in found for one in samples]
    sheet = lay_out(blocks, COMPARISON_COLUMNS)
    return _Drawing(partial(paint, sheet), (*_clip_notes(found), *left_out(reasons)))


def _maskiges(figure: MaskigeRows, inputs: FigureInputs) -> _Drawing | Missing:
    found, reasons = _samples(figure.samples, inputs)
    there = {proposer for _, samples in found for sample in samples for proposer in sample.maskiges}
    rows = [row for row in (*figure.proposers, *figure.further) if row.proposer in there]
    if not rows:
        return Missing(one_sentence(reasons) or "the data folder has no Maskiges; combo data maskige makes some")
    lacking = [row.label for row in figure.proposers if row.proposer not in there]
    blocks = [clip_blocks.maskige_block(_title(shown), one, rows) for shown, samples in found for one in samples]
    sheet = lay_out(blocks, COMPARISON_COLUMNS)
    return _Drawing(partial(paint, sheet), (*_clip_notes(found), *proposer_notes(lacking), *left_out(reasons)))


def _predicted(
    trained: Trained, rows: Sequence[FigureRow], inputs: FigureInputs, results: Results
) -> list[ShownClip] | Missing:
    asked = inputs.experiments[trained.experiment]
    return asked if isinstance(asked, Missing) else shown_clips(trained, rows, asked, results)


def _samples(wanted: Sequence[Shown], inputs: FigureInputs) -> tuple[list[tuple[Shown, Sequence[Sample]]], list[str]]:
    """The clips that the data has, by what asked for them, and why others are not there."""
    found: list[tuple[Shown, Sequence[Sample]]] = []
    reasons: list[str] = []
    for shown in wanted:
        samples = inputs.samples[shown]
        if isinstance(samples, Missing):
            reasons.append(samples.reason)
        else:
            found.append((shown, samples))
    return found, reasons


def _clip_notes(found: Iterable[tuple[Shown, Sequence[Sample]]]) -> Iterator[str]:
    yield from dict.fromkeys(clip_note(shown, len(samples)) for shown, samples in found)


def _title(shown: Shown) -> str:
    return shown.title or shown.task.upper()


def _printed(paper: Paper, figure: HeatMaps) -> Iterator[str]:
    for numbers in figure_numbers(paper, figure.number):
        values = " ".join(f"{value:.{numbers.decimals}f}" for value in numbers.values)
        note = f" ({numbers.note})" if numbers.note else ""
        yield f"Row {numbers.row + 1} of the paper prints {values}{note}."
