"""The authors' state dicts: their keys and shapes, and files with such keys."""

from __future__ import annotations

import gzip
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from model.audio.vggish import VGGish

GOLDEN = Path(__file__).parent.parent / "golden"
LISTS = {"combo": GOLDEN / "official_state_dicts.json.gz", "avsbench": GOLDEN / "avsbench_state_dicts.json.gz"}

SMALL = {
    "model.backbone.name": "resnet18",
    "model.backbone.weights": "random",
    "model.siam_encoder.mode": "shared",
    "model.width": 32,
    "model.audio_encoder.mlp_width": 16,
    "model.query_decoder.layers": 1,
}
"""Settings of a small network that the authors' code could build."""

Shapes = dict[str, list[int]]


@cache
def official_shapes(backbone: str, task: str, model: str = "combo") -> Shapes:
    """Key to shape in the order of the file, of `r50` or `pvt`; MS3 has the classes of S4 and so its shapes."""
    lists: dict[str, Shapes] = json.loads(gzip.decompress(LISTS[model].read_bytes()))
    return lists[f"{backbone}_{'avss' if task == 'avss' else 's4'}"]


def hollow_state(shapes: Mapping[str, list[int]]) -> OrderedDict[str, Tensor]:
    """Tensors of one number each that pretend to be as large as they should, so that files of them stay small."""
    return OrderedDict((key, torch.zeros(()).expand(shape)) for key, shape in shapes.items())


@contextmanager
def few_weights_of_vggish() -> Iterator[None]:
    """VGGish has 5 million parameters instead of 72: 18 MB instead of 289 are written, hashed and read each time."""
    with patch.object(VGGish, "hidden", 8):
        yield


def random_bits(shape: list[int], dtype: torch.dtype, generator: torch.Generator) -> Tensor:
    """Numbers of all kinds: tiny, huge, infinite, and not-a-number with its payload."""
    count = torch.Size(shape).numel() * dtype.itemsize
    content = torch.empty(-(-count // 8), dtype=torch.int64).random_(generator=generator)
    return content.view(torch.uint8)[:count].view(dtype).reshape(shape)


def same_bits(one: Tensor, other: Tensor) -> bool:
    return (one.dtype, one.shape) == (other.dtype, other.shape) and torch.equal(
        one.flatten().contiguous().view(torch.uint8), other.flatten().contiguous().view(torch.uint8)
    )
