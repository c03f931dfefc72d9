"""What is known of a video once it is open, and one frame of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from model.prediction.media.orientation import Orientation
from model.prediction.media.sound import Sound
from model.prediction.media.sound_survey import SoundSurvey
from model.prediction.media.survey import Survey
from model.prediction.media.tracks import Track

LONGEST_STILL = 10.0
"""Seconds. A frame that is shown for longer, without sound, is a fault of the file's clock, which may leap by days."""


@dataclass(frozen=True)
class Video:
    """Moving pictures and sound that have been seen to play for a second."""

    path: Path
    """A video file, or a folder of pictures."""
    width: int
    """Pixels of the upright picture: phones store upright videos lying."""
    height: int
    pixel_aspect: Fraction
    """Width of a pixel of the upright picture by its height; 1 for most files."""
    orientation: Orientation
    """How the first frame is turned to be upright."""
    frame_rate: Fraction
    """Mean, frames per second."""
    start: float
    """When the file's clock shows its first frame, seconds. All other times count from there."""
    track: Track | None
    """The track of the pictures; None for a folder of them."""
    survey: Survey
    sound: Sound
    sound_survey: SoundSurvey

    @property
    def frame_seconds(self) -> float:
        """Mean time from frame to frame."""
        return min(1 / float(self.frame_rate), LONGEST_STILL)

    @property
    def expected_seconds(self) -> float:
        """How long the pictures last, as far as that is known before they are decoded."""
        if self.survey.shows_slides:
            return max(self.sound_survey.end, self.frame_seconds)
        return self.survey.pictures * self.frame_seconds

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height on a screen, whose pixels are square."""
        return max(1, round(self.width * self.pixel_aspect)), self.height


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame that is turned into pixels only where they are wanted."""

    time: float
    """Seconds since the first frame."""
    decoded: av.VideoFrame
    orientation: Orientation

    def rgb(self) -> NDArray[np.uint8]:
        """Upright pixels, uint8 (H, W, 3)."""
        return self.orientation.upright(self.decoded.to_ndarray(format="rgb24").astype(np.uint8, copy=False))
