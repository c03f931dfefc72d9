"""What is said of a stored document that cannot be trusted, whoever reads it."""

from __future__ import annotations

from pydantic import ValidationError

from experiments.errors import Problem, unreadable

REMEDY = "restore it, or remove the folder of the trial or evaluation to make that again"


def damaged(where: str, why: str) -> Problem:
    """A stored document that holds something else than it should.

    Args:
        where: the document, for messages.
        why: what is wrong with it.
    """
    return Problem(where, f"is damaged: {why}", REMEDY)


def no_file(where: str, error: OSError) -> Problem:
    """A place where a stored document belongs and none can be read: damage, or missing permission."""
    return unreadable(where, error) if isinstance(error, PermissionError) else damaged(where, str(error.strerror))


def first_mistake(error: ValidationError) -> str:
    """The first mistake of a document, with its key."""
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    return " ".join(part for part in (key, first["msg"].removeprefix("Value error, ")) if part)
