"""What the papers' figures are drawn from beside the stored trials. It is handed in, as reports read no data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.figure_schema import Shown
from experiments.prediction_record import ShownClass
from experiments.printed_commands import ON_PATH, Caller
from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial


@dataclass(frozen=True)
class Missing:
    """Why something cannot be drawn, and what would give it."""

    reason: str


@dataclass(frozen=True)
class Asked:
    """An experiment at the report's scale."""

    scaled: ScaledExperiment
    trials: Sequence[Trial]
    """Without data fingerprint they match stored trials on any data."""
    caller: Caller = ON_PATH
    """How the user of the report calls `combo`."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A test clip of T frames as the data folder holds it."""

    clip: str
    """Its name, which may be any text."""
    category: str
    frames: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    truth: NDArray[np.uint8]
    """(T, H, W) class ids; `IGNORED` counts nowhere."""
    classes: tuple[ShownClass, ...]
    """Those that occur in the truth, background aside; none for S4 and MS3."""
    sound: NDArray[np.int16]
    """(n, 2) lowest and highest sample of each stretch."""
    sound_rate: int
    """Stretches per second."""
    maskiges: Mapping[str, NDArray[np.uint8]]
    """(T, H, W, 3) RGB by proposer, of those that the data has."""


Samples: TypeAlias = Sequence[Sample] | Missing


@dataclass(frozen=True, eq=False)
class FigureInputs:
    """All that figures need but the stored trials."""

    experiments: Mapping[str, Asked | Missing]
    """Experiments by name."""
    samples: Mapping[Shown, Samples]
    palette: NDArray[np.uint8]
    """(256, 3) RGB by id, in which Maskiges are painted."""
