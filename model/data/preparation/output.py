"""One file that preparation makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.data.errors import DataError


@dataclass(frozen=True)
class Output:
    """How to know that a file is there and intact, and how to make it."""

    read: Callable[[], object]
    """Raises a `DataError` unless the file is as it should be."""
    write: Callable[[], None]
    """Raises a `DataError` if what it is made from cannot be used."""

    @property
    def is_intact(self) -> bool:
        """Whether there is nothing to do."""
        try:
            self.read()
        except DataError:
            return False
        return True
