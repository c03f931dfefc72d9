"""Clips as blocks of a sheet: what of each clip stands in which row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.figure_schema import AttentionRow, FigureRow, ProposerRow
from experiments.prediction_record import ShownClass
from reports.figures.clip_pictures import coloured, heated, neighbour_cosines, stretched
from reports.figures.figure_inputs import Sample
from reports.figures.sheet import Absent, Block, Links, Pictures, Row, Wave
from reports.figures.shown_predictions import ShownClip

FRAMES, SOUND, TRUTH = "frames", "sound", "ground truth"


def heat_block(clip: ShownClip, rows: Sequence[FigureRow]) -> Block:
    """Frames, then every row's heat over them with the cosines of neighbouring maps."""
    first = clip.first
    shown: list[Row] = [Pictures(FRAMES, first.frames)]
    for row, prediction in zip(rows, clip.predictions, strict=True):
        cosines = neighbour_cosines(prediction.heat)
        numbers = tuple("–" if cosine is None else f"{cosine:.3f}" for cosine in cosines)
        shown += [Pictures(row.label, heated(prediction.frames, prediction.heat)), Links("cosine", numbers)]
    return Block(first.record.category or first.record.clip, first.record.clip, len(first.frames), tuple(shown))


def attention_block(title: str, clip: ShownClip, rows: Sequence[AttentionRow]) -> Block:
    """Frames, then every row's attention over them, each row on its own scale."""
    first = clip.first
    shown: list[Row] = [Pictures(FRAMES, first.frames)]
    for row, prediction in zip(rows, clip.predictions, strict=True):
        heat = stretched(prediction.attention[row.map], *prediction.frames.shape[1:3])
        shown.append(Pictures(row.label, heated(prediction.frames, heat)))
    return Block(title, _named(first.record.category, first.record.clip), len(first.frames), tuple(shown))


def comparison_block(title: str, clip: ShownClip, rows: Sequence[FigureRow]) -> Block:
    """Frames, sound, truth, then every row's prediction."""
    first = clip.first
    classes = _classes(first.truth, *(prediction.record.classes for prediction in clip.predictions))
    shown: list[Row] = [
        Pictures(FRAMES, first.frames),
        Wave(SOUND, first.sound, first.record.sound_rate),
        Pictures(TRUTH, coloured(first.truth, classes)),
    ]
    for row, prediction in zip(rows, clip.predictions, strict=True):
        shown.append(Pictures(row.label, coloured(prediction.prediction, classes)))
    return Block(title, _named(first.record.category, first.record.clip), len(first.frames), tuple(shown), classes)


def sub_task_block(title: str, sample: Sample) -> Block:
    """Frames, sound and truth."""
    shown = (
        Pictures(FRAMES, sample.frames),
        Wave(SOUND, sample.sound, sample.sound_rate),
        Pictures("masks", coloured(sample.truth, sample.classes)),
    )
    return Block(title, _named(sample.category, sample.clip), len(sample.frames), shown, sample.classes)


def maskige_block(title: str, sample: Sample, proposers: Sequence[ProposerRow]) -> Block:
    """Frames, then every proposer's Maskiges; one that the data has of other clips only is said to be absent."""
    shown: list[Row] = [Pictures(FRAMES, sample.frames)]
    for row in proposers:
        pixels = sample.maskiges.get(row.proposer)
        shown.append(Absent(row.label, "not in the data") if pixels is None else Pictures(row.label, pixels))
    return Block(title, _named(sample.category, sample.clip), len(sample.frames), tuple(shown))


def _named(category: str, clip: str) -> str:
    return f"{category} · {clip}" if category else clip


def _classes(truth: NDArray[np.uint8], *known: tuple[ShownClass, ...]) -> tuple[ShownClass, ...]:
    """All classes of a clip once, those of the truth first."""
    present = set(np.unique(truth).tolist())
    classes = {shown.id: shown for shown in sum(known, ())}
    return tuple(sorted(classes.values(), key=lambda shown: (shown.id not in present, shown.id)))
