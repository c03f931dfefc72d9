"""The 71 classes of AVSS and their colours."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@cache
def class_names() -> tuple[str, ...]:
    """Names by class id, background first, then alphabetical."""
    return tuple(json.loads(files("model.data").joinpath("avss_classes.json").read_text()))


@cache
def class_colours() -> NDArray[np.uint8]:
    """RGB by class id, (71, 3), as in `labels_rgb`: the id's bits dealt to R, G and B from the top bit down."""
    ids = np.arange(len(class_names()))
    colours = np.zeros((len(ids), 3), dtype=np.uint8)
    for place in range(3):
        for channel in range(3):
            colours[:, channel] |= ((ids >> (3 * place + channel) & 1) << (7 - place)).astype(np.uint8)
    colours.setflags(write=False)
    return colours


def class_ids(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Class ids (H, W) of an RGB label (H, W, 3); a colour of no class becomes background, as AVSBench reads it."""
    return _ids_by_colour()[_as_number(picture)]


@cache
def _ids_by_colour() -> NDArray[np.uint8]:
    ids = np.zeros(2**24, dtype=np.uint8)
    ids[_as_number(class_colours())] = np.arange(len(class_names()))
    return ids


def _as_number(colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    return colours.astype(np.int64) @ np.array([2**16, 2**8, 1])
