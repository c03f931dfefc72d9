"""Writing one planned clip: pictures, masks, Maskiges, sound and log-mel."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import wavfile

from model.audio.logmel import EXAMPLE_SHAPE, SAMPLE_RATE, log_mel_examples
from model.config import Task
from model.data.avss_classes import class_colours
from model.data.layout import AVSS_AUDIO_EXAMPLES, avss_clip_folder, clip_files
from model.data.log_mel_file import log_mel_pickle
from model.data.maskige import colour_masks, palette_image
from model.data.synthetic.picture import draw
from model.data.synthetic.plan import PlannedClip
from model.data.synthetic.sound import mix


def write_clip(root: Path, planned: PlannedClip, size: int) -> None:
    """Draws and plays a clip and writes its files below a subset root."""
    task = planned.task
    files = clip_files(task, root, planned.entry)
    frames, regions = draw(planned.scene, size, planned.rng("picture"))
    labels = sounding_classes(planned, regions)
    for path, frame in zip(files.frames, frames, strict=True):
        _save(Image.fromarray(frame), path)
    for path, masks in zip(files.maskiges, regions, strict=True):
        ids, colours = colour_masks(masks)
        _save(Image.fromarray(colours) if task == "avss" else palette_image(ids), path)
    annotated = labels[np.array(files.annotated)]
    for path, label in zip(files.masks, annotated, strict=True):
        stored = label if task == "avss" else np.where(label > 0, 255, 0).astype(np.uint8)
        _save(Image.fromarray(stored), path)
    if task == "avss":
        _write_avss_originals(avss_clip_folder(root, planned.entry), frames, annotated)
    samples = mix(planned.scene, planned.rng("sound"))
    _write_bytes(files.wav, _wav(samples))
    _write_bytes(files.log_mel, _log_mel(task, samples))


def sounding_classes(planned: PlannedClip, regions: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """AVSS class of the visible, sounding object at each pixel, 0 elsewhere: (seconds, size, size)."""
    labels = np.zeros((len(regions), *regions.shape[2:]), dtype=np.uint8)
    for index, thing in enumerate(planned.scene.objects):
        sounding = np.array(thing.sounding)[:, None, None]
        labels[regions[:, index] & sounding] = thing.kind.class_id
    return labels


def _write_avss_originals(clip: Path, frames: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """What the authors distribute and then prepare; at the network's size, preparing changes nothing."""
    for k, frame in enumerate(frames):
        _save(Image.fromarray(frame), clip / "frames" / f"{k}.jpg")
    for k, label in enumerate(labels):
        _save(Image.fromarray(label), clip / "labels_semantic" / f"{k}.png")
        _save(Image.fromarray(class_colours()[label]), clip / "labels_rgb" / f"{k}.png")


def _log_mel(task: Task, samples: NDArray[np.int16]) -> bytes:
    examples = log_mel_examples(samples, SAMPLE_RATE)
    if task != "avss":
        return log_mel_pickle(examples, requires_grad=True)
    padded = np.zeros((AVSS_AUDIO_EXAMPLES, *EXAMPLE_SHAPE), dtype=np.float32)
    padded[: len(examples)] = examples
    return log_mel_pickle(padded, requires_grad=False)


def _wav(samples: NDArray[np.int16]) -> bytes:
    buffer = io.BytesIO()
    wavfile.write(buffer, SAMPLE_RATE, samples)
    return buffer.getvalue()


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
