"""Files that are pickles or hold one: those of `torch.save`, old and new, and pickled dictionaries of arrays."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import MutableMapping
from mmap import mmap
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

from model.weights.array_pickle import ARRAY_ANSWERS
from model.weights.errors import ContradictionError, UnreadableKindError
from model.weights.inert_pickle import Answer, InertUnpickler
from model.weights.tensor_pickle import TENSOR_ANSWERS, Span, Storage, stored_storage

MAGIC = torch.serialization.MAGIC_NUMBER
"""What files of `torch.save` of before PyTorch 1.6 pickle first."""
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""What precedes a member of a zip: a signature, and the lengths of its name and of what else is said of it."""
MEMBER = b"PK\x03\x04"

Spans = MutableMapping[str, Span]


def load_pickle(content: mmap) -> Any:
    """What a pickle holds, with `StoredTensor`, `StoredArray` and `StandIn` for what is no plain value.

    Raises:
        HostilePickleError: it asks for what only running code needs.
        ContradictionError: it says of itself what cannot be.
        Exception: whatever the bytes of a damaged pickle lead to.
    """
    nested = Answer(_load_storage)
    return _load(cast(BinaryIO, content), content, {"torch.storage._load_from_bytes": nested})


def load_zip(path: Path, content: mmap) -> Any:
    """What a file of `torch.save` of PyTorch 1.6 or later holds, as `load_pickle` returns it.

    Args:
        path: of the file.
        content: of the file.

    Raises:
        UnreadableKindError: it is another zip file.
        Exception: as of `load_pickle`; zipfile.BadZipFile where the zip is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
    root = next((name.removesuffix("data.pkl") for name in members if _is_data(name)), None)
    if root is None:
        raise UnreadableKindError("is a zip archive, but none of torch.save: unpack it and name the file of weights")
    if f"{root}constants.pkl" in members:
        raise UnreadableKindError("is a TorchScript program: load it with torch.jit.load and save its state_dict()")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members.values()):
        raise UnreadableKindError(
            "is a compressed zip archive, as torch.save writes none: download it again, unchanged"
        )
    spans: Spans = {
        name.removeprefix(f"{root}data/"): _span(member, content)
        for name, member in members.items()
        if name.startswith(f"{root}data/")
    }
    order = members.get(f"{root}byteorder")
    if order is not None and _bytes(_span(order, content)) == b"big":
        raise UnreadableKindError("holds numbers of a big-endian machine: save it again on a machine like this one")
    return _TensorUnpickler(io.BytesIO(_bytes(_span(members[f"{root}data.pkl"], content))), spans, {}).load()


def _is_data(name: str) -> bool:
    return name == "data.pkl" or (name.endswith("/data.pkl") and name.count("/") == 1)


def _span(member: zipfile.ZipInfo, content: mmap) -> Span:
    """Where a member lies, which only the header before it says."""
    signature, name, more = LOCAL_HEADER.unpack_from(content, member.header_offset)
    start = member.header_offset + LOCAL_HEADER.size + name + more
    if signature != MEMBER or start + member.file_size > len(content):
        raise ContradictionError(f"{member.filename!a} should have {member.file_size} bytes")
    return Span(content, start, member.file_size)


def _bytes(span: Span) -> bytes:
    return bytes(span.content[span.start : span.start + span.size])


def _load(file: BinaryIO, content: mmap | bytearray, answers: dict[str, Any]) -> Any:
    spans: Spans = {}
    first = _TensorUnpickler(file, spans, answers).load()
    if first != MAGIC:
        return first
    for _ in ("protocol", "machine"):
        _TensorUnpickler(file, spans, {}).load()
    main = _TensorUnpickler(file, spans, answers)
    loaded = main.load()
    for key in _TensorUnpickler(file, spans, {}).load():
        count = int.from_bytes(file.read(8), "little", signed=True)
        size = count * main.storages[str(key)].number.itemsize
        spans[str(key)] = Span(content, file.tell(), size)
        if not 0 <= size <= len(content) - file.tell():
            raise ContradictionError(f"storage {str(key)!a} should have {size} bytes")
        file.seek(size, io.SEEK_CUR)
    return loaded


def _load_storage(content: bytes) -> Any:
    """A storage that a plain pickle holds as a file of `torch.save` of its own."""
    if not isinstance(content, bytes):
        raise ContradictionError("a storage should be bytes")
    return _load(io.BytesIO(content), bytearray(content), {})


class _TensorUnpickler(InertUnpickler):
    def __init__(self, file: BinaryIO, spans: Spans, answers: dict[str, Any]) -> None:
        super().__init__(file, {**ARRAY_ANSWERS, **TENSOR_ANSWERS, **answers})
        self._spans = spans
        self.storages: dict[str, Storage] = {}

    def persistent_load(self, pid: Any) -> Any:
        stored = stored_storage(pid, self._spans)
        if isinstance(stored, Storage):
            self.storages[stored.key] = stored
        return stored
