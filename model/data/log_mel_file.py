"""The log-mel files of AVSBench: pickled torch tensors, written reproducibly and read without running code."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from model.audio.logmel import EXAMPLE_SHAPE
from model.data.decoding import read_decoded
from model.data.errors import FileError

REMEDY = "restore it, or delete it if there is the sound to make it from"


def read_log_mel(path: Path) -> NDArray[np.float32]:
    """Reads a pickled tensor.

    Returns:
        float32 (n, 1, 96, 64), detached.

    Raises:
        FileError: if the pickle asks for anything but a tensor (nothing of it is then run), is damaged, or holds a
            tensor of another shape or one that is not finite.
    """
    tensor = read_decoded(path, lambda file: _TensorUnpickler(file, path).load(), _problem, REMEDY, REMEDY)
    if not isinstance(tensor, torch.Tensor) or tensor.dim() != 4 or tuple(tensor.shape[1:]) != EXAMPLE_SHAPE:
        raise FileError(path, "values", "is no (n, 1, 96, 64) tensor", REMEDY)
    log_mel: NDArray[np.float32] = tensor.detach().to(torch.float32).numpy()
    if not np.isfinite(log_mel).all():
        raise FileError(path, "values", "holds NaN or infinite values", REMEDY)
    return log_mel


def log_mel_pickle(examples: NDArray[np.float32], requires_grad: bool) -> bytes:
    """Pickles examples as the authors do, with equal bytes for equal examples.

    Args:
        examples: float32 (n, 1, 96, 64).
        requires_grad: as in the S4 and MS3 files, whose tensors left VGGish's front end as parameters.
    """
    buffer = io.BytesIO()
    _TensorPickler(buffer, protocol=4).dump(torch.from_numpy(examples).requires_grad_(requires_grad))
    return buffer.getvalue()


def _problem(error: Exception) -> str:
    return f"is damaged ({type(error).__name__})"


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
            "torch.storage._load_from_bytes": _load_storage,
            "collections.OrderedDict": OrderedDict,
        }
        if f"{module}.{name}" not in allowed:
            problem = f"asks for '{module}.{name}', which no log-mel file needs"
            raise FileError(self._path, "unreadable", problem, "do not trust it")
        return allowed[f"{module}.{name}"]


class _TensorPickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        """Replaces torch's legacy storage format, whose bytes contain a memory address."""
        if not isinstance(obj, torch.storage.TypedStorage):
            return NotImplemented
        buffer = io.BytesIO()
        torch.save(obj, buffer)
        return torch.storage._load_from_bytes, (buffer.getvalue(),)


def _load_storage(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
