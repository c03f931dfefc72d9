"""What is said of a prediction: second by second, and of the video, the weights and the network as a whole."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from model.config import Task
from model.data.avss_classes import class_names
from model.prediction.media.damage import Damage
from model.prediction.media.frames import FRAME_INSTANT
from model.prediction.media.tracks import Track
from model.prediction.media.video import Video
from model.prediction.segment import CLIP_SECONDS, Segmented
from model.weights.stored_model import StoredModel

MASK_FOLDER = "masks"
SOUNDING = "sounding"
"""Name of the only class of S4 and MS3 besides background."""


@dataclass(frozen=True)
class PredictedSecond:
    """What is said of one second, or of a part of one."""

    second: int
    begin: float
    """Where the mask begins to be shown, seconds; with one mask a second, the second itself."""
    mask: str
    """The mask's file, from the prediction's folder."""
    area_share: float
    """Part of the picture that is segmented, 0 to 1."""
    mean_score: float | None
    """Mean score of the segmented pixels; None when there are none."""
    classes: dict[str, float]
    """Part of the picture that each class takes, largest first."""


@dataclass(frozen=True)
class Prediction:
    """What is said of a video."""

    seconds: list[PredictedSecond]
    remarks: list[str]
    """What is out of the ordinary, in sentences."""


def tell(segmented: Segmented, task: Task, rate: int = 1) -> PredictedSecond:
    """What is said of a second, or of a part of one, that was segmented."""
    inside = segmented.classes > 0
    ids, counts = np.unique(segmented.classes[inside], return_counts=True)
    shares = {
        (class_names()[i] if task == "avss" else SOUNDING): n / inside.size for i, n in zip(ids, counts, strict=True)
    }
    index = segmented.second.index
    return PredictedSecond(
        second=index // rate,
        begin=index / rate,
        mask=f"{MASK_FOLDER}/{index:03d}.png",
        area_share=float(inside.mean()),
        mean_score=float(segmented.score[inside].mean(dtype=np.float64)) if inside.any() else None,
        classes=dict(sorted(shares.items(), key=lambda share: -share[1])),
    )


def describe(
    video: Video, damage: Damage, stored: StoredModel, proposer: str, rate: int, prediction: Prediction
) -> str:
    """A prediction as JSON.

    Args:
        video: that was segmented.
        damage: of its pictures.
        stored: the weights.
        proposer: name of who made the Maskiges.
        rate: masks per second.
        prediction: what is said of it.
    """
    config = stored.config
    description = {
        "video": {"file": _text(video.path.name), **_pictures(video, damage)},
        "sound": _sound(video, -(-len(prediction.seconds) // rate)),
        "checkpoint": {
            "folder": _text(stored.folder.name),
            "checksum": stored.checksum,
            "step": stored.step,
            "origin": asdict(stored.origin),
        },
        "network": {
            "task": config.data.task,
            "size": config.data.size,
            "trained_with_maskiges_of": config.proposer,
            **config.description,
        },
        "proposer": None if config.proposer is None else proposer,
        "clip_seconds": CLIP_SECONDS[config.data.task],
        "frame_instant": FRAME_INSTANT,
        "masks_per_second": rate,
        "remarks": [_text(remark) for remark in prediction.remarks],
        "seconds": [asdict(second) for second in prediction.seconds],
    }
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


def _pictures(video: Video, damage: Damage) -> dict[str, Any]:
    shown_width, shown_height = video.shown_size
    return {
        "width": video.width,
        "height": video.height,
        "pixel_aspect": _ratio(video.pixel_aspect),
        "shown_width": shown_width,
        "shown_height": shown_height,
        "orientation": str(video.orientation),
        "frame_rate": float(video.frame_rate),
        "track": _track(video.track),
        "stated_seconds": video.survey.stated_seconds,
        "held_seconds": video.survey.held_seconds,
        "undecodable_packets": damage.leading + damage.undecodable,
        "damaged_pictures": damage.patched,
    }


def _sound(video: Video, seconds: int) -> dict[str, Any]:
    return {
        "file": _text(video.sound.path.name),
        "track": _track(video.sound.track),
        "end": video.sound_survey.end,
        "undecodable_packets": video.sound_survey.damage.leading + video.sound_survey.damage.undecodable,
        "silent_seconds": video.sound_survey.silent(seconds),
        "cancelled_seconds": video.sound_survey.cancelled(seconds),
    }


def _track(track: Track | None) -> dict[str, Any] | None:
    return None if track is None else {"number": track.number, "of": track.of, "content": _text(track.content)}


def _ratio(fraction: Fraction) -> str:
    return f"{fraction.numerator}:{fraction.denominator}"


def _text(name: str) -> str:
    """A name that any system can write: bytes of a file's name that are no UTF-8 as escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")
