"""Files that are made from others: what is there and intact stays, and what others may have put there stays too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from model.data.clip_pool import in_processes
from model.data.errors import MAKE_READABLE, DataError, Fault, FileError, UnreadableError
from model.data.layout import IndexEntry

ONLY_MISSING: frozenset[Fault] = frozenset({"missing"})
"""Mended where the file may be a published one."""
DAMAGED_TOO: frozenset[Fault] = frozenset(get_args(Fault)) - {"size"}
"""Mended where only we make the file. One of another size is not damaged: somebody asked for it."""


@dataclass(frozen=True)
class Output:
    """How to know that a file is there and intact, and how to make it."""

    read: Callable[[], object]
    """Raises a `FileError` unless the file is as it should be."""
    write: Callable[[], None]
    """Raises a `DataError` if what it is made from cannot be used."""
    mended: frozenset[Fault]
    """Faults for which the file is made; with any other it is left as it is."""

    def make(self) -> bool:
        """Makes the file where that is needed; says whether it was.

        Raises:
            DataError: it cannot be made, or what is there is neither intact nor to be replaced.
            OSError: this machine cannot read or write a file.
        """
        try:
            self.read()
        except FileError as error:
            if error.fault not in self.mended:
                raise
            self.write()
            return True
        return False


@dataclass(frozen=True)
class Made:
    """What became of the files of a subset, or of one clip."""

    written: int
    """Files made."""
    intact: int
    """Files that were there already."""
    problems: list[str]
    """One sentence for each file that is still not as it should be, in the order of the index."""


def make_all(outputs: Iterable[Output]) -> Made:
    """Makes files one after the other; one that cannot be made stops no other."""
    made: list[bool] = []
    problems: list[str] = []
    for output in outputs:
        try:
            made.append(output.make())
        except (DataError, UnreadableError) as error:
            problems.append(str(error))
        except PermissionError as error:
            problems.append(f"{error.filename} cannot be read here ({error.strerror}): {MAKE_READABLE}")
    return Made(sum(made), len(made) - sum(made), problems)


def make_clips(
    make: Callable[[IndexEntry], Made],
    entries: Sequence[IndexEntry],
    workers: int,
    on_progress: Callable[[int, int], None],
) -> Made:
    """Makes the files of many clips.

    Args:
        make: what to do for one clip; can be pickled.
        entries: the clips.
        workers: processes.
        on_progress: called with clips done and total after every clip.
    """
    written = intact = 0
    problems: list[str] = []
    for done, clip in enumerate(in_processes(make, entries, workers), start=1):
        written, intact = written + clip.written, intact + clip.intact
        problems += clip.problems
        on_progress(done, len(entries))
    return Made(written, intact, problems)
