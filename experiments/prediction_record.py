"""The stored form of a prediction: what a trial's tested weights make of one test clip, for figures.

`<storage>/trials/<trial key>/predictions/<clip>.npz` is numpy's compressed format without pickles; its zip holds no
times, so equal arrays are equal bytes. Of T frames of H by W pixels:

    frames, maskiges   uint8 (T, H, W, 3), RGB
    truth, prediction  uint8 (T, H, W), class ids; IGNORED counts nowhere
    heat               float16 (T, H, W), share of the class scores that is not background's, 0 to 1
    sound              int16 (n, 2), lowest and highest sample of each of n equal stretches from the start of the clip;
                       n is 0 where the data set has no sound
    attention.<name>   float16 (T, h, w), how much each position is attended to, 0 to 1, of whatever size; for every map
                       that the network names, see `model.interface.Network.attention`
    record             uint8 (bytes), a `PredictionRecord` as JSON
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from experiments.records import Record
from model.config import IGNORED, Fraction, PositiveInt, Task

ENDING = ".npz"
RECORD = "record"
"""Name of the array that holds the record."""
ARRAYS = {"frames": 4, "maskiges": 4, "truth": 3, "prediction": 3, "heat": 3, "sound": 2}
"""Names of the other arrays, and how many axes they have."""
ATTENTION = "attention."
"""What the names of arrays of attention begin with."""
OPTIONAL = ("maskiges",)
"""Arrays that are absent where the network does not look at such pictures."""
Rule: TypeAlias = Literal["first-by-category", "by-id"]
Channel = Annotated[int, Field(ge=0, le=255)]


class ShownClass(Record):
    """A class that occurs in a clip, as figures show it."""

    id: Annotated[int, Field(ge=1, lt=IGNORED)]
    name: str
    colour: tuple[Channel, Channel, Channel]
    """RGB, as in the labels of the data set."""


class Choice(Record):
    """Why a clip is shown."""

    rule: Rule
    """`first-by-category`: the first clip of each category, then the second ones. `by-id`: a user asked for it."""
    rank: int
    """Its place among the clips so chosen, from 0."""
    chosen: int
    """How many were chosen so."""


class PredictionRecord(Record):
    """Which clip a prediction file shows, and why that one."""

    schema_version: Literal[1] = 1
    clip: str
    """Its name, which may be any text; the file's name is made from it."""
    category: str
    task: Task
    m_j: Fraction
    m_f: Fraction
    """M_J and M_F of this clip alone, in [0, 1]."""
    choice: Choice
    seconds: int
    """Length of the clip; there is one frame per second, so it equals T."""
    sound_rate: PositiveInt
    """Stretches of sound per second."""
    proposer: str | None
    """Model that proposed the masks of the Maskiges; null where there are none."""
    classes: tuple[ShownClass, ...]
    """Those that occur in truth or prediction, background aside; none where the task knows objects only."""
