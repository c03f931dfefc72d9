"""Fingerprints of data: a command that asks for them from several places looks at each data set once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from model.config import Task

_Known = dict[tuple[Path, Task, str | None], str]
_known: ContextVar[_Known | None] = ContextVar("known", default=None)


@contextmanager
def looking_at_data_once() -> Iterator[None]:
    """While this is open, a data set that was looked at counts as unchanged; within another one it changes nothing."""
    token = _known.set({} if (outer := _known.get()) is None else outer)
    try:
        yield
    finally:
        _known.reset(token)


def fingerprint_of(data: Path, task: Task, proposer: str | None, size: int) -> str:
    """The fingerprint of a subset; see `model.data.fingerprint.data_fingerprint`.

    Raises:
        DataError: the subset cannot be used.
    """
    from model.data.fingerprint import data_fingerprint

    known = _known.get()
    if known is None:
        return data_fingerprint(data, task, proposer, size)
    subset = data, task, proposer  # the size of pictures is no part of the digest
    if subset not in known:
        known[subset] = data_fingerprint(data, task, proposer, size)
    return known[subset]
