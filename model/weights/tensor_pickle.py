"""Pickled torch tensors: where in the file their values lie. No values are read before somebody asks for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import Any

import torch
from torch import Tensor

from model.weights.errors import ContradictionError
from model.weights.inert_pickle import Answer, StandIn, Unchangeable

STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    # Of quantised tensors, which stay stand-ins; old files are read past them, for which their size must be known.
    "QInt8Storage": torch.int8,
    "QUInt8Storage": torch.uint8,
    "QInt32Storage": torch.int32,
    "QUInt4x2Storage": torch.uint8,
    "QUInt2x4Storage": torch.uint8,
}
NUMBER_TYPES = [
    *STORAGES.values(),
    *(torch.uint16, torch.uint32, torch.uint64),
    *(torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz),
]
MOST_BYTES = 2**63 - 1


@dataclass(frozen=True)
class Span:
    """Bytes of a file."""

    content: mmap | bytearray
    start: int
    size: int


@dataclass(frozen=True)
class Storage(Unchangeable):
    """Numbers that tensors are views of."""

    key: str
    number: torch.dtype
    count: int
    spans: MutableMapping[str, Span]
    """By key; those of old files come after the pickle, so they are not there yet when it is read."""

    def span(self) -> Span:
        """Its bytes.

        Raises:
            ContradictionError: the file has less of them than the pickle says, or none.
        """
        span = self.spans.get(self.key)
        held = span.size if span else 0
        if span is None or not 0 <= self.count * self.number.itemsize <= held:
            told = f"{self.count} numbers of type {self.number}"
            raise ContradictionError(f"{told} should lie in the {held} bytes of storage {self.key!a}")
        return span


@dataclass(frozen=True)
class StoredTensor(Unchangeable):
    """A tensor that lies in a file."""

    storage: Storage
    number: torch.dtype
    offset: int
    """In numbers, as the strides."""
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def tensor(self) -> Tensor:
        """A view of the file with the strides of the tensor that was saved; expanded ones take no memory.

        Raises:
            ContradictionError: it reaches beyond its storage, or has more places than any memory.
        """
        span = self.storage.span()
        if len(self.shape) != len(self.stride) or min((self.offset, *self.shape, *self.stride)) < 0:
            raise ContradictionError(f"a tensor has shape {self.shape}, strides {self.stride}, offset {self.offset}")
        size = self.number.itemsize
        if math.prod(side for side in self.shape if side) * size > MOST_BYTES:
            raise ContradictionError(f"a tensor of shape {self.shape} has more places than any memory")
        if 0 in self.shape:
            return torch.empty(self.shape, dtype=self.number)
        reach = 1 + sum((side - 1) * step for side, step in zip(self.shape, self.stride, strict=True))
        if (self.offset + reach) * size > span.size:
            raise ContradictionError(f"a tensor of shape {self.shape} reaches beyond the {span.size} bytes it has")
        start = span.start + self.offset * size
        if start % size == 0:
            flat = torch.frombuffer(span.content, dtype=self.number, count=reach, offset=start)
        else:  # old files put storages anywhere, numbers must begin at multiples of their size
            content = torch.frombuffer(span.content, dtype=torch.uint8, count=reach * size, offset=start)
            flat = content.clone().view(self.number)
        return flat.as_strided(self.shape, self.stride)


def stored_storage(identity: Any, spans: MutableMapping[str, Span]) -> Any:
    """What a pickle gets for a persistent identity: a storage; for old files' classes of modules, the class's answer.

    Args:
        identity: `("storage", type, key, device, count)`, with None at the end in files of before PyTorch 1.6.
        spans: where the bytes of storages lie, or will.
    """
    kind, value, *rest = identity
    if kind == "module":
        return value
    key, _device, count, *views = rest
    if kind != "storage" or any(view is not None for view in views):
        raise ContradictionError("it holds views of storages, as no PyTorch since 0.4 writes them")
    if not isinstance(value, torch.dtype):
        return StandIn("torch storage of another type")
    return Storage(str(key), value, int(count), spans)


def _tensor(storage: Any, offset: int, shape: Sequence[int], stride: Sequence[int], *_: Any) -> Any:
    if not isinstance(storage, Storage):
        return StandIn("torch.Tensor of another kind")
    return StoredTensor(storage, storage.number, int(offset), _integers(shape), _integers(stride))


def _tensor_v2(storage: Any, offset: int, shape: Any, stride: Any, _grad: Any, _hooks: Any, bits: Any = None) -> Any:
    if bits:  # the values that the tensor shows are not those that it stores
        return StandIn("torch.Tensor, conjugated or negated")
    return _tensor(storage, offset, shape, stride)


def _tensor_v3(
    storage: Any, offset: int, shape: Any, stride: Any, _grad: Any, _hooks: Any, number: Any, bits: Any = None
) -> Any:
    if bits or not isinstance(storage, Storage) or not isinstance(number, torch.dtype):
        return StandIn("torch.Tensor of another kind")
    return StoredTensor(storage, number, int(offset), _integers(shape), _integers(stride))


def _tensor_of_class(function: Any, _kind: Any, arguments: tuple[Any, ...], _state: Any) -> Any:
    """A tensor of a class of somebody's own, as a plain one."""
    return function(*arguments)


def _integers(numbers: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)


def _first(data: Any, *_: Any) -> Any:
    return data


TENSOR_ANSWERS: Mapping[str, Any] = {
    "torch._utils._rebuild_tensor": Answer(_tensor),
    "torch._utils._rebuild_tensor_v2": Answer(_tensor_v2),
    "torch._utils._rebuild_tensor_v3": Answer(_tensor_v3),
    "torch._utils._rebuild_parameter": Answer(_first),
    "torch._utils._rebuild_parameter_with_state": Answer(_first),
    "torch._utils._rebuild_device_tensor_from_numpy": Answer(_first),
    "torch._utils._rebuild_xla_tensor": Answer(_first),
    "torch._tensor._rebuild_from_type": Answer(_tensor_of_class),
    "torch._tensor._rebuild_from_type_v2": Answer(_tensor_of_class),
    "torch.Size": Answer(_integers),
    **{f"torch.{name}": number for name, number in STORAGES.items()},
    **{f"torch.cuda.{name}": number for name, number in STORAGES.items()},
    **{str(number): number for number in NUMBER_TYPES},
    "torch.storage.UntypedStorage": torch.uint8,
    "torch.storage._UntypedStorage": torch.uint8,
}
"""For `InertUnpickler`; `torch.storage._load_from_bytes` is the business of whoever reads whole files."""
