"""Clips that cannot be used: set aside one by one, until there are too many of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from model.config import Task
from model.data.errors import DataError
from model.data.layout import PUBLISHED_PROPOSERS

if TYPE_CHECKING:
    from model.data.clip import Clip

TOLERATED_SHARE = 0.01
"""Share of a split's clips that may be set aside. One clip always may, but never the last one that could be read."""


class Quarantine:
    """The clips of one split that could not be used, and why.

    Args:
        root: the subset root, for messages.
        task: which subset.
        split: train, val or test.
        clips: how many the split has.
        proposer: whose Maskiges are read.
        size: side of the pictures that are read, pixels, for messages.
    """

    def __init__(self, root: Path, task: Task, split: str, clips: int, proposer: str | None, size: int) -> None:
        self.reasons: dict[int, str] = {}
        """By place in the split: one sentence that names the file."""
        self._root, self._task, self._split, self._clips = root, task, split, clips
        self._proposer, self._size = proposer, size
        self._told: set[int] = set()

    @property
    def tolerated(self) -> int:
        """How many clips may be set aside: 1 %, at least one, never all."""
        return min(max(1, int(TOLERATED_SHARE * self._clips)), max(self._clips - 1, 0))

    @property
    def is_excessive(self) -> bool:
        """Whether more clips than tolerated are set aside."""
        return len(self.reasons) > self.tolerated

    def add(self, found: Iterable[tuple[int, str]]) -> None:
        """Sets clips aside: place in the split, reason."""
        for place, reason in found:
            self.reasons.setdefault(place, reason)

    def attempt(self, read: Callable[[int], Clip], place: int) -> Clip | None:
        """Reads a clip; None if it is set aside, now or before."""
        if place in self.reasons:
            return None
        try:
            return read(place)
        except DataError as error:
            self.add([(place, str(error))])
            return None

    def substitute(self, read: Callable[[int], Clip], place: int) -> Clip:
        """Reads a clip or, where it cannot be used, the next one in the order of the split that can.

        Which one that is depends on the data only, so all ranks and loader processes agree.

        Raises:
            DataError: see `refuse_excess`.
        """
        while (clip := self.attempt(read, place)) is None:
            self.refuse_excess()
            place = (place + 1) % self._clips
        return clip

    def news(self) -> Iterator[tuple[int, str]]:
        """Clips that were set aside since the last call, in the order of the split."""
        for place in sorted(self.reasons.keys() - self._told):
            self._told.add(place)
            yield place, self.reasons[place]

    def refuse_excess(self) -> None:
        """Ends the matter once more clips than tolerated are set aside.

        Raises:
            DataError: with their number, the first reason and the command that finds the others.
        """
        if self.is_excessive:
            clips = f"{self._clips} {self._split} clip" + ("s" if self._clips > 1 else "")
            first = self.reasons[min(self.reasons)]
            raise DataError(
                f"{len(self.reasons)} of {clips} cannot be used, {self.tolerated} would be tolerated; "
                f"the first: {first}; '{self._check_command()}' finds all"
            )

    def _check_command(self) -> str:
        proposer = "" if self._proposer in (None, *PUBLISHED_PROPOSERS) else f" --maskige {self._proposer}"
        place = shlex.quote(str(self._root))
        return f"combo data check {place} --subset {self._task}{proposer} --size {self._size}"
