"""A prediction on disk: masks, filmstrip, overlay video and their description, all of them or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from model.config import Task
from model.data.avss_classes import class_colours, class_names
from model.data.proposals.proposer import Proposer
from model.prediction.layer import Layer
from model.prediction.overlay import write_overlay
from model.prediction.segment import CLIP_SECONDS, Second, Segmented, seconds, segment
from model.prediction.strip import Strip
from model.prediction.video import FRAME_INSTANT, Video
from model.weights.stored_model import StoredModel, load_model
from model.whole import whole_folder

MASK_FOLDER = "masks"
FILMSTRIP_FILE = "filmstrip.png"
OVERLAY_FILE = "overlay.mp4"
DESCRIPTION_FILE = "prediction.json"
SOUNDING = "sounding"
"""Name of the only class of S4 and MS3 besides background."""


@dataclass(frozen=True)
class PredictedSecond:
    """What is said of one second."""

    second: int
    mask: str
    """The mask's file, from the prediction's folder."""
    area_share: float
    """Part of the picture that is segmented, 0 to 1."""
    mean_score: float | None
    """Mean score of the segmented pixels; None when there are none."""
    classes: dict[str, float]
    """Part of the picture that each class takes, largest first."""


def predict(
    video: Video,
    stored: StoredModel,
    proposer: Proposer,
    out: Path,
    device: torch.device,
    on_segmented: Callable[[int], None],
    on_overlaid: Callable[[int], None],
) -> list[PredictedSecond]:
    """Segments a video and writes all of its outputs; memory does not grow with its length.

    Args:
        video: with pictures and sound.
        stored: which model.
        proposer: makes the Maskiges.
        out: absent or an empty folder; it appears whole.
        device: where the model shall run.
        on_segmented: called with the number of seconds whose inputs are ready.
        on_overlaid: called with the number of each second that the overlay video has reached.

    Raises:
        DataError: the video is damaged.
        CheckpointError: the stored model does not fit its own description.
        OSError: something is at the place by the end, or nothing can be written there.
    """
    config, model = stored.config, load_model(stored, device)
    task = config.data.task

    def counted() -> Iterator[Second]:
        for second in seconds(video, config, proposer):
            on_segmented(second.index + 1)
            yield second

    with whole_folder(out) as draft:
        (draft / MASK_FOLDER).mkdir()
        strip, told = Strip(task), []
        for segmented in segment(counted(), model, config, device):
            strip.add(segmented)
            told.append(tell(segmented, task))
            _mask_image(segmented.classes, task).save(draft / told[-1].mask)
        strip.draw().save(draft / FILMSTRIP_FILE)

        def layer_of(second: int) -> Layer | None:
            return Layer(_read_mask(draft / told[second].mask, task), task) if second < len(told) else None

        write_overlay(draft / OVERLAY_FILE, video, layer_of, on_overlaid)
        description = _description(video, stored, proposer.name, told)
        (draft / DESCRIPTION_FILE).write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n")
    return told


def tell(segmented: Segmented, task: Task) -> PredictedSecond:
    """What is said of a second that was segmented."""
    inside = segmented.classes > 0
    ids, counts = np.unique(segmented.classes[inside], return_counts=True)
    shares = {
        (class_names()[i] if task == "avss" else SOUNDING): n / inside.size for i, n in zip(ids, counts, strict=True)
    }
    index = segmented.second.index
    return PredictedSecond(
        second=index,
        mask=f"{MASK_FOLDER}/{index:03d}.png",
        area_share=float(inside.mean()),
        mean_score=float(segmented.score[inside].mean(dtype=np.float64)) if inside.any() else None,
        classes=dict(sorted(shares.items(), key=lambda share: -share[1])),
    )


def _mask_image(classes: NDArray[np.uint8], task: Task) -> Image.Image:
    """AVSS: class ids that show the data set's colours; otherwise 0 and 255, as masks are stored there."""
    if task != "avss":
        return Image.fromarray(np.where(classes > 0, 255, 0).astype(np.uint8))
    image = Image.fromarray(classes)
    image.putpalette(class_colours().tobytes())
    return image


def _read_mask(path: Path, task: Task) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        stored = np.asarray(image)
    return stored if task == "avss" else stored // 255


def _description(video: Video, stored: StoredModel, proposer: str, told: list[PredictedSecond]) -> dict[str, Any]:
    config = stored.config
    return {
        "video": {
            "file": video.path.name,
            "width": video.width,
            "height": video.height,
            "frame_rate": float(video.frame_rate),
        },
        "checkpoint": {
            "folder": stored.folder.name,
            "checksum": stored.checksum,
            "step": stored.step,
            "origin": asdict(stored.origin),
        },
        "network": {
            "task": config.data.task,
            "backbone": config.model.backbone.name,
            "size": config.data.size,
            "truths": config.truths.model_dump(mode="json"),
            "trained_with_maskiges_of": config.data.maskige,
        },
        "proposer": proposer,
        "clip_seconds": CLIP_SECONDS[config.data.task],
        "frame_instant": FRAME_INSTANT,
        "seconds": [asdict(second) for second in told],
    }
