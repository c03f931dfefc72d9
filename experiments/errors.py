"""Mistakes in what a user gave us: each says what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """One mistake: its place (`file: key`), what is wrong, and the remedy."""

    where: str
    what: str
    remedy: str = ""
    is_denied: bool = False
    """Whether there is no mistake but that of permissions: somebody else's file, which this user may not read."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


class InputError(Exception):
    """Input that cannot be used. The command line prints its problems and exits with code 2."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def unreadable(where: str, error: OSError) -> Problem:
    """A stored file or folder that the system does not let this process read.

    Args:
        where: the file, for messages.
        error: what the system says.
    """
    is_denied = isinstance(error, PermissionError)
    remedy = "ask its owner to let you read it" if is_denied else ""
    return Problem(where, f"cannot be read: {error.strerror}", remedy, is_denied)


def did_you_mean(word: str, known: list[str]) -> str:
    """The nearest known word as a remedy, or the list of known words."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known))}"
