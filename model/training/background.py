"""Work that a thread does while training goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Background(Generic[Result]):
    """One piece of work at a time, whose results and errors come back to whoever gave it.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._work: Future[Result | None] | None = None

    def start(self, work: Callable[[], Result | None]) -> None:
        """Begins with it; what was begun before must have been asked for with `finished`."""
        assert self._work is None, "one piece of work at a time"
        self._work = self._thread.submit(work)

    def finished(self, *, wait: bool = False) -> Iterator[Result]:
        """The result, once, if the work is done and has one.

        Args:
            wait: until the work is done.

        Raises:
            Exception: whatever the work has raised.
        """
        work = self._work
        if work is None or not (wait or work.done()):
            return
        self._work = None
        result = work.result()
        if result is not None:
            yield result

    def close(self) -> None:
        """Waits for the work and ends the thread; an error that nobody has asked for is logged."""
        self._thread.shutdown()
        if self._work is not None and (error := self._work.exception()) is not None:
            log.warning("%s", error, exc_info=error)
