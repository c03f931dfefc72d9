"""The training chains step by step, picture by picture, as the released loader applies them; see combo.md 1.4.

Slow and plain: `model.data.transforms` gives the same bits from the same generator.
"""

from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

SCALES_IN_TENTHS = range(5, 21)


def literal_augment(clip, kind, size, rng):
    is_scaled = kind == "scale_crop_colour_flip"
    pictures = [np.ascontiguousarray(p.transpose(1, 2, 0)) for p in (*clip.frames, *clip.maskiges)]
    labels = list(clip.labels.astype(np.uint8))
    if is_scaled:
        short = int(rng.choice([int(tenths * 0.1 * size) for tenths in SCALES_IN_TENTHS]))
        height, width = pictures[0].shape[:2]
        factor = short / min(height, width)
        target = (round(width * factor), round(height * factor))
        pictures = [np.asarray(Image.fromarray(p).resize(target, Image.Resampling.BILINEAR)) for p in pictures]
        labels = [np.asarray(Image.fromarray(label).resize(target, Image.Resampling.NEAREST)) for label in labels]
        top = int(rng.integers(max(target[1] - size, 0), endpoint=True))
        left = int(rng.integers(max(target[0] - size, 0), endpoint=True))
        pictures = [np.ascontiguousarray(p[top : top + size, left : left + size]) for p in pictures]
        labels = [label[top : top + size, left : left + size] for label in labels]
    if kind != "flip":
        pictures = [distort(picture, rng) for picture in pictures]
    if rng.random() < 0.5:
        pictures, labels = [p[:, ::-1] for p in pictures], [label[:, ::-1] for label in labels]
    if is_scaled:
        pictures = [padded(picture, size, 128) for picture in pictures]
        labels = [padded(label, size, 255) for label in labels]
    stacked = np.stack(pictures).transpose(0, 3, 1, 2)
    frames = len(clip.frames)
    return replace(clip, frames=stacked[:frames], maskiges=stacked[frames:], labels=np.stack(labels).astype(np.int64))


def distort(picture, rng):
    if coin(rng):
        picture = linear(picture, 1.0, rng.uniform(-32.0, 32.0))
    if coin(rng):
        return hue(saturation(contrast(picture, rng), rng), rng)
    return contrast(hue(saturation(picture, rng), rng), rng)


def contrast(picture, rng):
    return linear(picture, rng.uniform(0.5, 1.5), 0.0) if coin(rng) else picture


def saturation(picture, rng):
    if not coin(rng):
        return picture
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 1] = linear(hsv[..., 1], rng.uniform(0.5, 1.5), 0.0)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def hue(picture, rng):
    if not coin(rng):
        return picture
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int64) + rng.integers(-18, 18, endpoint=True)) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def linear(values, factor, offset):
    return np.clip(values.astype(np.float32) * factor + offset, 0, 255).astype(np.uint8)


def padded(picture, size, value):
    margin = [(0, max(size - side, 0)) for side in picture.shape[:2]]
    return np.pad(picture, margin + [(0, 0)] * (picture.ndim - 2), constant_values=value)


def coin(rng):
    return bool(rng.random() < 0.5)
