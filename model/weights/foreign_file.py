"""Reads tensors by name from files that others wrote, and runs nothing that is in them.

One reader for the authors' checkpoints, VGGish, ImageNet backbones and SAM: it looks at what a file holds, not at what
it is called, and takes off what training code wraps around weights.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from model.weights.errors import CheckpointError, ContradictionError, UnreadableKindError
from model.weights.file_kinds import BEGINNING, foreign_kind, is_safetensors, is_zip
from model.weights.inert_pickle import HostilePickleError
from model.weights.pickle_file import load_pickle, load_zip
from model.weights.state_dict import STATE, Stored, asks_for, common_prefix, find_state, is_extra, is_tensor
from model.weights.state_dict_mismatch import first_few, printable


@dataclass(frozen=True)
class ForeignWeights:
    """Tensors of a file by name, and what was done to find them."""

    path: Path
    tensors: dict[str, Tensor]
    """In the order of the file. Those that were saved as views, such as expanded ones, are views still."""
    remarks: tuple[str, ...] = ()
    """What the user should know of how it was read, such as "without the prefix 'module.' of all names"."""

    @property
    def aside(self) -> str:
        """The remarks as the end of a sentence."""
        return f" (read {', '.join(self.remarks)})" if self.remarks else ""

    def without_extras(self, wanted: Container[str]) -> ForeignWeights:
        """Without counts and constants that are no weights, unless a network has them.

        Args:
            wanted: names that the network has.
        """
        extras = [name for name in self.tensors if is_extra(name) and name not in wanted]
        if not extras:
            return self
        tensors = {name: value for name, value in self.tensors.items() if name not in extras}
        remark = f"without what is no weight ({first_few(extras)})"
        return replace(self, tensors=tensors, remarks=(*self.remarks, remark))


def read_weights(path: Path) -> ForeignWeights:
    """Reads named tensors.

    Args:
        path: a file of safetensors, of `torch.save`, or a pickle of numpy arrays, as detectron2 keeps ImageNet weights.
            The two latter hold the tensors themselves or a training checkpoint, see `state_dict.WRAPPERS`.

    Raises:
        CheckpointError: the file is absent, damaged, of another kind, asks for code, or holds no tensors by name.
    """
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder: name the file of weights in it")
    if not path.is_file():
        raise CheckpointError(f"{path} is not there: name a file of weights")
    try:
        return _found(path, _content(path))
    except OSError:
        raise
    except UnreadableKindError as error:
        raise CheckpointError(f"{path} {error}") from None
    except HostilePickleError as error:
        raise CheckpointError(f"{path} {asks_for(error.asked)}") from None
    except Exception as error:  # damage raises whatever it makes the readers stumble over
        reason = error if isinstance(error, ContradictionError) else type(error).__name__
        raise CheckpointError(f"{path} is damaged, or no file of weights ({reason}): download it again") from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors alone, of files about which there is nothing to remark.

    Raises:
        CheckpointError: as of `read_weights`.
    """
    return read_weights(path).tensors


def _content(path: Path) -> Any:
    with path.open("rb") as file:
        beginning, size = file.read(BEGINNING), path.stat().st_size
        if told := foreign_kind(beginning):
            raise UnreadableKindError(told)
        if is_safetensors(beginning, size):
            return load_file(path)
        # A mapped file costs no memory for the optimiser's state, which is larger than the weights.
        content = mmap(file.fileno(), 0, access=ACCESS_COPY)
    return load_zip(path, content) if is_zip(beginning) else load_pickle(content)


def _found(path: Path, content: Any) -> ForeignWeights:
    found = find_state(content)
    values = {str(name): value for name, value in found.values.items()}
    stored = {name: value for name, value in values.items() if is_tensor(value)}
    prefix = common_prefix(list(stored))
    remarks = {
        f"from its '{printable(found.entry)}'": found.entry not in ("", STATE) or found.others,
        f"not from {first_few(found.others)}": found.others,
        f"without the prefix '{prefix}' of all names": prefix,
        f"without what is no tensor ({first_few(n for n in values if n not in stored)})": len(stored) < len(values),
    }
    tensors = {name.removeprefix(prefix): _tensor(name, value) for name, value in stored.items()}
    return ForeignWeights(path, tensors, tuple(remark for remark, applies in remarks.items() if applies))


def _tensor(name: str, value: Stored) -> Tensor:
    try:
        return value if isinstance(value, Tensor) else value.tensor()
    except ContradictionError as error:
        raise ContradictionError(f"{printable(name)}: {error}") from None
