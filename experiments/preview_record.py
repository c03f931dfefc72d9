"""The stored form of previews: what the newest weights of a trial in training make of a few validation clips.

They are for those who watch; no score and no table follows from them.
`<storage>/trials/<trial key>/previews/attempt-<n>.npz` is written over at each validation of the attempt, in numpy's
compressed format without pickles. Of the clip at place i of the record, with T frames of H by W pixels:

    frames.<i>                      uint8 (bytes), the frames from left to right, H by T W pixels, as JPEG
    truth.<i>, prediction.<i>       uint8 (T, H, W), class ids; IGNORED counts nowhere
    record                          uint8 (bytes), a `PreviewRecord` as JSON
"""

from __future__ import annotations

from typing import Literal

from experiments.prediction_record import ShownClass
from experiments.records import Record
from experiments.stored_types import Count
from model.config import Fraction, Task


class PreviewedClip(Record):
    """A clip of the validation split."""

    clip: str
    """Its name, which may be any text."""
    category: str
    m_j: Fraction
    """M_J of this clip alone, in [0, 1]."""
    classes: tuple[ShownClass, ...]
    """Those that occur in truth or prediction, background aside; none where the task knows objects only."""


class PreviewRecord(Record):
    """When the previews of a file were made, and of what."""

    schema_version: Literal[1] = 1
    step: Count
    """Optimiser steps behind the weights."""
    task: Task
    clips: tuple[PreviewedClip, ...]
