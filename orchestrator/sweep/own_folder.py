"""The folder of this machine in which a run keeps Ray's files. It goes with the run, or is removed by the next one."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from experiments.atomic_write import write_atomic
from model.regular_files import read_regular
from orchestrator.trial.process_identity import is_dead, this_process

PREFIX = "combo-"
PROCESS_FILE = "process"
"""Lies in the folder and identifies the process that it belongs to."""
LONGEST_PLACE = 20
"""Characters of the folder below which ours may lie: the paths of Ray's sockets end at 107."""
LONGEST_IDENTITY = 1000
"""Bytes."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder that nobody else may enter, with a short path; it is gone in the end.

    Ray's own choice is a folder that everybody may write to, and in which it keeps pickles of what trials raise: with
    it, others on this machine could have us run code of theirs. Ray opens whatever folder it is given to everybody,
    so its files lie one level further down.
    """
    usual = tempfile.gettempdir()
    place = Path(usual if len(usual) <= LONGEST_PLACE else "/tmp")
    _remove_orphans(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    write_atomic(folder / PROCESS_FILE, this_process())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_orphans(place: Path) -> None:
    """Removes what runs of this user left that were killed. Of what cannot be known to be that, nothing is touched."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            found = folder.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
            if is_ours and is_dead(_process(folder)):
                shutil.rmtree(folder, ignore_errors=True)


def _process(folder: Path) -> str:
    return read_regular(folder / PROCESS_FILE, LONGEST_IDENTITY).decode(errors="replace")
