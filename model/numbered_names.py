"""Names of files and folders that hold a number, such as `step-00000200`: made and read in one place."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

log = logging.getLogger(__name__)

MOST_DIGITS = 18
"""Such a number fits into 64 bits."""


@dataclass(frozen=True)
class NumberedName:
    """A form of names.

    Args:
        before: what stands before the number.
        after: what stands behind it.
        digits: to which it is filled up with zeros.
    """

    before: str = ""
    after: str = ""
    digits: int = 1

    def of(self, number: int) -> str:
        """The name with a number."""
        return f"{self.before}{number:0{self.digits}d}{self.after}"

    def number(self, name: str) -> int | None:
        """The number of a name; None unless it is exactly the name that `of` gives that number."""
        form = rf"{re.escape(self.before)}([0-9]{{1,{MOST_DIGITS}}}){re.escape(self.after)}"
        found = re.fullmatch(form, name)
        return int(found[1]) if found and self.of(int(found[1])) == name else None

    def numbers(self, names: Iterable[str], folder: object) -> list[int]:
        """The numbers of those names that have one, ascending.

        Strangers of nearly this form are passed over, with a warning; names of another form belong to others.

        Args:
            names: of what lies in a folder.
            folder: for the warning.
        """
        found = []
        for name in names:
            number = self.number(name)
            if number is not None:
                found.append(number)
            elif name.startswith(self.before) and name.endswith(self.after) and not name.startswith("."):
                _warn_of_stranger(f"{folder}/{name}", self.of(1))
        return sorted(found)


TRAINING_STATE = NumberedName("step-", digits=8)
"""Folder of a training state, by its step."""
BEST_WEIGHTS = NumberedName("best-", digits=8)
"""Folder of the best weights so far, by their step."""


@cache
def _warn_of_stranger(path: str, example: str) -> None:
    """Once for each, as some look every few seconds."""
    log.warning("%s is passed over: its name is not of the form %s", ascii(path)[1:-1], example)
