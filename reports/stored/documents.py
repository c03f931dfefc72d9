"""Reading stored documents; one that cannot be trusted becomes a problem, never a crash."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from experiments import damage, errors
from experiments.errors import InputError, Problem
from experiments.other_schema import parse_stored
from model.regular_files import read_regular

Document = TypeVar("Document", bound=BaseModel)


def read_document(model: type[Document], path: Path) -> Document:
    """A stored document.

    Raises:
        InputError: it is missing, damaged, or of another schema.
    """
    return parse_document(model, read_content(path), path)


def read_content(path: Path) -> bytes:
    """What a stored document holds, not yet looked at.

    Raises:
        InputError: it is missing or cannot be read.
    """
    try:
        return read_regular(path)
    except FileNotFoundError:
        raise refusal(path, "is missing") from None
    except OSError as error:
        raise InputError(damage.no_file(shown(path), error)) from None


def parse_document(model: type[Document], content: bytes, path: Path) -> Document:
    """A stored document from what its file holds.

    Args:
        model: what it should be.
        content: of the file.
        path: of the file, for messages.

    Raises:
        OtherSchemaError: it is of another schema.
        InputError: it is damaged.
    """
    try:
        return parse_stored(model, content, shown(path))
    except ValidationError as error:
        raise damaged(path, damage.first_mistake(error)) from None


def damaged(path: Path, why: str) -> InputError:
    """What is wrong with a document that does not say what it should, and what to do about it."""
    return InputError(damage.damaged(shown(path), why))


def refusal(path: Path, what: str) -> InputError:
    """What is wrong with a document."""
    return InputError(Problem(shown(path), what))


def unreadable(path: Path, error: OSError) -> InputError:
    """The system refuses to read a file or folder."""
    return InputError(errors.unreadable(shown(path), error))


def shown(path: Path) -> str:
    """The path below the storage folder, so that reports do not depend on where the storage lies."""
    return "/".join(path.parts[-3:])
