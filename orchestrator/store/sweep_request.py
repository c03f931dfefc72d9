"""What each sweep was asked for: one small file per sweep, by which a storage says how to look at what it holds.

<storage>/sweep-requests/<sweep>.json
"""

from __future__ import annotations

import getpass
import logging
from datetime import UTC, datetime
from pathlib import Path

from experiments.errors import InputError
from experiments.records import Record
from experiments.stored_types import Moment
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import read_record, record_bytes

log = logging.getLogger(__name__)

SWEEP_REQUESTS = "sweep-requests"


class SweepRequest(Record):
    """The words of a `combo run`, and the data that it read."""

    sweep: str
    words: tuple[str, ...]
    """Names and settings as they were typed."""
    targets: tuple[str, ...]
    """Names of the experiments or of the search."""
    scale: str
    data: str
    """The data folder on the machine that ran the sweep, absolute."""
    asked: Moment
    """When it was asked for last."""
    user: str = ""
    """Who asked for it last, as the system calls them; empty where it does not say, and in older records."""


def note_request(
    storage: Storage, sweep: str, words: tuple[str, ...], targets: tuple[str, ...], scale: str, data: Path
) -> None:
    """Notes what a sweep is asked for now; what was noted of the same sweep earlier is replaced."""
    asked = datetime.now(UTC).isoformat(timespec="milliseconds")
    request = SweepRequest(
        sweep=sweep, words=words, targets=targets, scale=scale, data=str(data), asked=asked, user=_user()
    )
    storage.write(f"{SWEEP_REQUESTS}/{sweep}.json", record_bytes(request))


def read_requests(storage: Storage) -> list[SweepRequest]:
    """What the sweeps of a storage were asked for, the latest last; damaged files are told and passed over."""
    storage.fetch(SWEEP_REQUESTS)
    found = []
    for path in (storage.root / SWEEP_REQUESTS).glob("[!.]*.json"):
        try:
            request = read_record(path, SweepRequest)
        except InputError as error:
            log.warning("%s; it is passed over", error)
            continue
        if request is not None:
            found.append(request)
    return sorted(found, key=lambda request: (request.asked, request.sweep))


def _user() -> str:
    """Name of the user; empty in a container whose user has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
