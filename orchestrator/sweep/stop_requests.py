"""Stop requests of `combo stop`, kept in storage until the named sweep has answered them.

<storage>/stop-requests/<sweep>/<id>            made by `combo stop`; the next one of the sweep takes its place
<storage>/stop-requests/<sweep>/<id>.answered   a run of the sweep has seen it and is over

A run heeds the requests that did not stand when it began, or when it was submitted. So none is lost while the run
starts, and none stops a later run; no clock is asked.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from orchestrator.storage.errors import StorageError
from orchestrator.storage.storage import Storage

LOOK_SECONDS = 2.0
STOP_REQUESTS = "stop-requests"
ANSWERED = ".answered"
OLDER_VARIABLE = "COMBO_OLDER_STOP_REQUESTS"
"""Tells a job which requests stood when it was submitted, by their ids with commas between."""


def request_stop(storage: Storage, sweep: str) -> str:
    """Asks every run of a sweep that has begun to let its trials write checkpoints and end; returns the id."""
    older, request = storage.names(f"{STOP_REQUESTS}/{sweep}"), uuid.uuid4().hex
    storage.write(f"{STOP_REQUESTS}/{sweep}/{request}", b"")
    for name in older:
        storage.delete(name)
    return request


def is_answered(storage: Storage, sweep: str, request: str) -> bool:
    """Whether a run of the sweep has seen the request and is over."""
    return storage.read(f"{STOP_REQUESTS}/{sweep}/{request}{ANSWERED}") is not None


def older_requests(storage: Storage, environ: Mapping[str, str]) -> frozenset[str]:
    """Ids of stop requests that are older than this run, or than its submission, and that it ignores.

    Args:
        storage: of the sweep.
        environ: the variables of this process.
    """
    submitted = environ.get(OLDER_VARIABLE)
    return frozenset(_ids(storage, STOP_REQUESTS) if submitted is None else submitted.split(","))


@contextmanager
def handling_stop_requests(
    storage: Storage, sweep: str, older: frozenset[str], on_request: Callable[[], None]
) -> Iterator[None]:
    """Polls for stop requests while the context is open, and marks them as answered at the end.

    Args:
        storage: of the sweep.
        sweep: its name.
        older: ids of requests that it does not heed.
        on_request: called once, with the first request.
    """
    folder, closing = f"{STOP_REQUESTS}/{sweep}", threading.Event()

    def look() -> bool:
        with suppress(OSError, StorageError):
            if _ids(storage, folder) - older:
                on_request()
                return True
        return False

    def keep_looking() -> None:
        while not closing.wait(LOOK_SECONDS) and not look():
            pass

    thread = threading.Thread(target=keep_looking, name="stop requests", daemon=True)
    if not look():
        thread.start()
    try:
        yield
    finally:
        closing.set()
        if thread.ident is not None:
            thread.join()
        with suppress(OSError, StorageError):
            for request in _ids(storage, folder) - older:
                storage.write(f"{folder}/{request}{ANSWERED}", b"")


def _ids(storage: Storage, folder: str) -> set[str]:
    return {name.rpartition("/")[2].removesuffix(ANSWERED) for name in storage.names(folder)}
