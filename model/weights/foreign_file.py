"""Reads tensors by name from files that others wrote, and runs nothing that is in them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from model.weights.array_pickle import load_arrays
from model.weights.errors import CheckpointError

STATE = "model"
"""Entry of a training checkpoint that holds the weights, beside the optimiser and the like."""
ZIP = b"PK\x03\x04"
LEGACY = pickle.dumps(torch.serialization.MAGIC_NUMBER, protocol=2)
"""How files of `torch.save` begin, and how they began before PyTorch 1.6."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads named tensors, as they are and in the order of the file.

    Args:
        path: a `.safetensors` file, a file of `torch.save`, or a pickle of numpy arrays, as detectron2 keeps ImageNet
            weights. The two latter hold the tensors themselves or a training checkpoint with a `model` entry.

    Raises:
        CheckpointError: the file is absent or damaged, asks for anything but tensors, or holds something else.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} is not there: name a file of weights")
    content = _read(path)
    state = content.get(STATE, content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise CheckpointError(f"{path} holds no tensors by name: it should be a state dict, or have one as '{STATE}'")
    for name, value in state.items():
        if not isinstance(value, Tensor):
            kind = type(value).__name__
            raise CheckpointError(f"{path} holds {name!r}, which is of type {kind}: weights are tensors, nothing else")
    return {str(name): value for name, value in state.items()}


def _read(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(max(len(ZIP), len(LEGACY)))
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if start.startswith((ZIP, LEGACY)):
            # A mapped file costs no memory for the optimiser's state, which is larger than the weights.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=start.startswith(ZIP))
        return load_arrays(path)
    except OSError:
        raise
    except Exception as error:  # damage raises whatever it makes the readers stumble over
        if isinstance(error, pickle.UnpicklingError) and (asked := re.search(r"GLOBAL ([\w.]+)", str(error))):
            raise CheckpointError(
                f"{path} asks for '{asked[1]}', which no weights need, so it was not loaded: fetch it anew from its "
                "authors, or have its tensors saved alone, as safetensors"
            ) from None
        raise CheckpointError(
            f"{path} is damaged, or no file of weights ({type(error).__name__}): fetch it anew"
        ) from None
