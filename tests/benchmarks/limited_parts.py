"""Work in parts that each may fail, run out of time, or lose the GPU, and leave the results of all others."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

AGAIN = 5.0
"""Seconds after which a part is told once more that its time is over: libraries swallow what is raised in them."""


class Deadline:
    """The moment by which all must be done.

    Args:
        minutes: from now.
    """

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    @property
    def seconds(self) -> float:
        """That are left."""
        return self._end - time.monotonic()


class OutOfTime(BaseException):
    """Raised in a part whose time is over; no `except Exception` stops it."""


def work_through(
    parts: Mapping[str, Callable[[], object]], record: dict[str, Any], deadline: Deadline, keep: Callable[[], None]
) -> None:
    """Does one part after the other.

    Args:
        parts: actions by name.
        record: gets the parts that there was no time for as `left_out`, and the others that did not end well as
            `failed`, by name.
        deadline: of all.
        keep: stores the record; called after each part.
    """
    record.update(left_out=[], failed={})
    is_usable = True
    for name, action in parts.items():
        began = time.monotonic()
        if not is_usable or deadline.seconds <= 0:
            record["left_out"].append(name)
            continue
        before = signal.signal(signal.SIGALRM, _end_part)
        signal.setitimer(signal.ITIMER_REAL, deadline.seconds, AGAIN)
        try:
            action()
        except OutOfTime:
            record["left_out"].append(name)
        except Exception as error:
            note_failure(record, name, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        is_usable = _has_freed_memory(record)
        keep()
        print(f"  ({name}: {time.monotonic() - began:.0f} s)", flush=True)


def note_failure(record: dict[str, Any], name: str, error: Exception) -> None:
    """Notes what failed, in a line, and says so."""
    record["failed"][name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    print(f"{name}: {record['failed'][name]}")


def _has_freed_memory(record: dict[str, Any]) -> bool:
    """False once the GPU answers nothing any more, as after a kernel that has read where it may not."""
    gc.collect()
    if record["device"] != "cuda":
        return True
    try:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
    except Exception as error:
        note_failure(record, "the GPU, which does no more in this process", error)
        return False
    return True


def _end_part(_signal: int, _frame: object) -> None:
    raise OutOfTime
