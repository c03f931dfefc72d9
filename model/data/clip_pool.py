"""Work on many clips in many processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from math import ceil
from typing import TypeVar

from model.data.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")
ITEMS_PER_TURN = 8
"""Few enough for a smooth progress bar, enough that sending them costs nothing."""


def in_processes(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """What `work` makes of each item, in the order of the items.

    Args:
        work: can be pickled; what it raises ends everything.
        items: can be pickled.
        workers: processes, as far as there are turns for them; a single one works in this process.

    Raises:
        DataError: if a process was killed.
    """
    workers = min(workers, ceil(len(items) / ITEMS_PER_TURN))
    if workers <= 1:
        yield from map(work, items)
        return
    # Forked from a server that is free of threads: those of a progress bar and of torch do not survive a fork.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([getattr(work, "func", work).__module__])
    with ProcessPoolExecutor(workers, context, initializer=_leave_interrupts_to_the_parent) as pool:
        try:
            yield from pool.map(work, items, chunksize=ITEMS_PER_TURN)
        except BrokenProcessPool:
            raise DataError("a process was killed, perhaps for lack of memory: use fewer --workers") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    """Ctrl-C reaches the whole process group; each process would end with a traceback of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
