"""A prediction on disk: masks, filmstrip, overlay video and their description, all of them or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from model.atomic_writes import atomic_folder
from model.config import Task
from model.data.avss_classes import class_colours
from model.prediction.description import MASK_FOLDER, Prediction, describe, tell
from model.prediction.layer import Layer
from model.prediction.media.frames import picture_damage
from model.prediction.media.remarks import remarks
from model.prediction.media.video import Video
from model.prediction.overlay import write_overlay
from model.prediction.segment import Second, seconds, segment
from model.prediction.strip import Strip
from model.proposals.proposer import Proposer
from model.weights.stored_model import StoredModel, load_model

FILMSTRIP_FILE = "filmstrip.png"
OVERLAY_FILE = "overlay.mp4"
DESCRIPTION_FILE = "prediction.json"


def predict(
    video: Video,
    stored: StoredModel,
    proposer: Proposer,
    out: Path,
    device: torch.device,
    on_segmented: Callable[[int], None],
    on_overlaid: Callable[[int], None],
    rate: int = 1,
) -> Prediction:
    """Segments a video and writes all of its outputs; memory does not grow with its length.

    Args:
        video: with pictures and sound.
        stored: which model.
        proposer: makes the Maskiges.
        out: absent or an empty folder; it appears whole.
        device: where the model shall run.
        on_segmented: called with the number of masks whose inputs are ready.
        on_overlaid: called with the number of each mask that the overlay video has reached.
        rate: masks per second.

    Raises:
        DataError: the video is damaged.
        CheckpointError: the stored model does not fit its own description.
        OSError: something is at the place by the end, or nothing can be written there.
    """
    config, model = stored.config, load_model(stored, device)
    task, damage = config.data.task, picture_damage(video)

    def counted() -> Iterator[Second]:
        for second in seconds(video, config, proposer, rate, damage):
            on_segmented(second.index + 1)
            yield second

    with atomic_folder(out) as draft:
        (draft / MASK_FOLDER).mkdir()
        strip, told = Strip(task, video.pixel_aspect, rate), []
        for segmented in segment(counted(), model, config, device, rate):
            strip.add(segmented)
            told.append(tell(segmented, task, rate))
            _mask_image(segmented.classes, task).save(draft / told[-1].mask)
        strip.draw().save(draft / FILMSTRIP_FILE)

        def layer_of(part: int) -> Layer | None:
            return Layer(_read_mask(draft / told[part].mask, task), task) if part < len(told) else None

        write_overlay(draft / OVERLAY_FILE, video, layer_of, on_overlaid, rate)
        prediction = Prediction(told, remarks(video, -(-len(told) // rate), damage))
        description = describe(video, damage, stored, proposer.name, rate, prediction)
        (draft / DESCRIPTION_FILE).write_text(description, encoding="utf-8")
    return prediction


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
