"""A training batch from files to tensors, beside the released loader's way.

The authors' shape: 8 clips of S4 at 224 pixels, each file decoded anew and each picture augmented whole, step by step.
The clips are synthetic; their pictures are as large as the released ones and compress better.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import torch
from comparison import Comparison, Form
from PIL import Image
from synthetic_clips import synthetic_clips

sys.path.append(str(Path(__file__).parents[1] / "data"))

from literal_augmentation import literal_augment

from model.combo.config import ComboConfig
from model.config import MaskigeDataConfig, TrainingConfig
from model.data.avsbench import AVSBench
from model.data.batch import Batch
from model.data.clip import Clip
from model.data.clip_cache import ClipCache
from model.data.layout import clip_files
from model.data.loading import TrainingSteps
from model.data.log_mel_file import read_log_mel
from model.data.sampler import ShuffledSampler

CLIPS, BATCH, SIZE, BATCHES = 16, 8, 224, 3
"""Batches of a measurement: enough for every scale to occur."""
CONFIG = ComboConfig(
    seed=1, training=TrainingConfig(batch=BATCH), data=MaskigeDataConfig(size=SIZE, augment="scale_crop_colour_flip")
)
Step = Callable[[int], object]


class LiteralLoader:
    """Decodes and augments as the released loader does."""

    def __init__(self, dataset: AVSBench) -> None:
        self._dataset = dataset
        self._sampler = ShuffledSampler(len(dataset), BATCH, CONFIG.seed)

    def __call__(self, step: int) -> list[dict[str, torch.Tensor]]:
        """The clips of a batch."""
        return [self._clip(place, step, order) for order, place in enumerate(self._sampler.global_batch(step))]

    def _clip(self, place: int, step: int, order: int) -> dict[str, torch.Tensor]:
        files = clip_files("s4", self._dataset.root, self._dataset.entries[place])
        clip = Clip(
            name="",
            category="",
            frames=_pictures(files.frames),
            maskiges=_pictures(files.maskiges),
            log_mel=read_log_mel(files.log_mel),
            labels=np.stack([np.asarray(Image.open(path)) // 255 for path in files.masks]).astype(np.int64),
            annotated=np.array(files.annotated),
        )
        augmented = literal_augment(clip, CONFIG.data.augment, SIZE, np.random.default_rng([CONFIG.seed, step, order]))
        parts = {"frames": augmented.frames, "maskiges": augmented.maskiges, "labels": augmented.labels}
        return {name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()}


def _pictures(paths: tuple[Path, ...]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths]).transpose(0, 3, 1, 2)


def forms(device: str) -> Mapping[str, Form]:
    """Batches of each form, which are equal to the last bit."""
    cv2.setNumThreads(0)
    root, records = synthetic_clips("s4", CLIPS, SIZE), ClipCache(Path(records_folder().name), 2**30)
    plain, cached = (AVSBench(root, "s4", "train", SIZE, clip_cache=one) for one in (None, records))
    literal = LiteralLoader(plain)
    kept, left = TrainingSteps(cached, CONFIG, 0, 1), TrainingSteps(cached, CONFIG, 0, 1, leaves_pictures=True)
    steps: dict[str, Step] = {
        "as released": literal,
        "ours": TrainingSteps(plain, CONFIG, 0, 1).__getitem__,
        "decoded clips kept": kept.__getitem__,
        "decoded clips kept, pictures left to a GPU": left.__getitem__,
    }
    place = torch.device(device)
    if place.type == "cuda":
        steps["decoded clips kept, pictures augmented on the GPU"] = lambda step: left.completed(left[step], place)
    ours = kept[0].batch
    _assert_equal(literal(0), ours)
    _assert_equal(literal(0), left.completed(left[0], place))
    return {name: partial(_batches, step, count()) for name, step in steps.items()}


@cache
def records_folder() -> tempfile.TemporaryDirectory[str]:
    """For decoded clips; it goes with the process."""
    return tempfile.TemporaryDirectory(prefix="loader-")


def _batches(step: Step, numbers: count[int]) -> None:
    for _ in range(BATCHES):
        step(next(numbers))


def _assert_equal(clips: list[dict[str, torch.Tensor]], batch: Batch) -> None:
    for name in clips[0]:
        assert torch.equal(torch.cat([clip[name] for clip in clips]), getattr(batch, name).cpu()), name


COMPARISONS = [Comparison("loader", f"{BATCHES} batches of {BATCH} clips of S4 at {SIZE} pixels, from files", forms)]
