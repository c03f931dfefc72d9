"""From the seconds of a video to classes and scores at every pixel, clip by clip as the network was trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from model.audio.logmel import SAMPLE_RATE, log_mel_examples
from model.config import Task, TrialConfig
from model.data.batch import unlabelled
from model.data.maskige import colour_masks
from model.foreground import foreground_share
from model.interface import Network
from model.precision import require_finite
from model.prediction.media.damage import Damage
from model.prediction.media.frames import frame_of_each_part
from model.prediction.media.sound import sound_of_each_second
from model.prediction.media.video import Video
from model.proposals.proposer import Proposer

CLIP_SECONDS: dict[Task, int] = {"s4": 5, "ms3": 5, "avss": 10}
"""Seconds that enter the network together; a network that mixes frames gets the sound of all of them."""


@dataclass(frozen=True, eq=False)
class Second:
    """One second as it enters the network, or, where a second has several masks, what is seen in one part of it."""

    index: int
    """From 0; of a part, among all parts of the video."""
    frame: NDArray[np.uint8]
    """(H, W, 3) RGB at the video's own size."""
    square: NDArray[np.uint8]
    """(S, S, 3) the frame at the network's size, its shape not kept."""
    maskige: NDArray[np.uint8] | None
    """(S, S, 3) RGB; None for a network that looks at none."""
    sound: NDArray[np.int16]
    """(16000,) PCM of the whole second."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """What the network makes of one second, at the video's own size."""

    second: Second
    classes: NDArray[np.uint8]
    """(H, W) the class with the highest score; 0 is background."""
    score: NDArray[np.float32]
    """(H, W) share of the class scores that is not background's, 0 to 1. With two classes it is above one half exactly
    where an object is segmented."""


def seconds(
    video: Video, config: TrialConfig, proposer: Proposer, rate: int = 1, damage: Damage | None = None
) -> Iterator[Second]:
    """Frames, Maskiges and sound of a video; only the second in hand is in memory.

    Args:
        video: to be segmented.
        config: of the network; decides size and interpolation.
        proposer: looks at frames of the video's own size, if the network looks at Maskiges.
        rate: into how many parts a second is divided, each with a frame of its own and the sound of the whole second.
        damage: of the pictures, counted here.

    Raises:
        DataError: the video is damaged.
    """
    sounds = (sound for sound in sound_of_each_second(video.sound) for _ in range(rate))
    paired = zip(frame_of_each_part(video, rate, damage), sounds, strict=False)
    for index, (frame, sound) in enumerate(paired):
        pixels = frame.rgb()
        maskige = None if config.proposer is None else colour_masks(proposer.masks(pixels), config.data.size)[1]
        yield Second(index, pixels, square_frame(pixels, config), maskige, sound)


def square_frame(frame: NDArray[np.uint8], config: TrialConfig) -> NDArray[np.uint8]:
    """Resizes as the test pictures of the task were made: OpenCV's bilinear for S4 and MS3, Pillow's for AVSS."""
    size = (config.data.size, config.data.size)
    if config.data.task == "avss":
        return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))
    return cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def segment(
    prepared: Iterable[Second], model: Network, config: TrialConfig, device: torch.device, rate: int = 1
) -> Iterator[Segmented]:
    """Segments a stream of seconds in clips of five, or ten for AVSS; the last clip may be shorter.

    With several parts to a second there are as many clips of the same sound, each with frames one second apart, as the
    network was trained.

    Args:
        prepared: in order.
        model: in evaluation mode, on the device.
        config: of the model.
        device: where the model is.
        rate: how many parts each second has.

    Raises:
        FloatingPointError: a class score is NaN or infinite.
    """
    remaining = iter(prepared)
    while parts := list(islice(remaining, rate * CLIP_SECONDS[config.data.task])):
        clips = [parts[phase::rate] for phase in range(min(rate, len(parts)))]
        scored = [_clip_scores(clip, model, device) for clip in clips]
        for place, part in enumerate(parts):
            scores, size = scored[place % rate][place // rate], part.frame.shape[:2]
            yield Segmented(part, _winner(scores, size), _share(model.evidence(scores), size))


@torch.no_grad()
def _clip_scores(clip: list[Second], model: Network, device: torch.device) -> Tensor:
    """Class scores (T, K, S, S) at the network's size, as in evaluation."""
    squares = _batch([second.square for second in clip])
    given = [second.maskige for second in clip if second.maskige is not None]
    maskiges = _batch(given) if given else None
    # Of the clip's sound as a whole: examples of 0.96 s follow each other without gaps.
    log_mel = torch.from_numpy(log_mel_examples(np.concatenate([second.sound for second in clip]), SAMPLE_RATE))
    outputs = model(unlabelled(squares, maskiges, log_mel).to(device))
    scores = model.class_scores(outputs, (squares.shape[2], squares.shape[3]))
    require_finite(scores, f"class scores of second {clip[0].index} and after")
    return scores


def _batch(pictures: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())


def _winner(scores: Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The class with the highest of one frame's (K, S, S) scores, enlarged bilinearly one class at a time."""
    winner = torch.zeros(size, dtype=torch.uint8, device=scores.device)
    highest = _enlarged(scores[0], size)
    for index in range(1, len(scores)):
        candidate = _enlarged(scores[index], size)
        winner[candidate > highest] = index
        highest = highest.maximum(candidate)
    return winner.cpu().numpy()


def _share(evidence: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    """Foreground share of one frame's (K, S, S) evidence, enlarged bilinearly one class at a time."""
    background = total = _enlarged(evidence[0], size)
    for channel in evidence[1:]:
        total = total + _enlarged(channel, size)
    return foreground_share(background, total).cpu().numpy()


def _enlarged(channel: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(channel[None, None], size, mode="bilinear", align_corners=False)[0, 0]
