"""Reading stored documents; one that cannot be trusted becomes a problem, never a crash."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from experiments.errors import InputError, Problem, validate
from experiments.records import Provenance, ScoreRecord

Document = TypeVar("Document", bound=BaseModel)


def read_document(model: type[Document], path: Path) -> Document:
    """A stored document.

    Raises:
        InputError: it is missing, damaged, or of another version.
    """
    return parse_document(model, read_content(path), path)


def read_content(path: Path) -> bytes:
    """What a stored document holds, not yet looked at.

    Raises:
        InputError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise refusal(path, "is missing") from None
    except OSError as error:
        raise unreadable(path, error) from None


def parse_document(model: type[Document], content: bytes, path: Path) -> Document:
    """A stored document from what its file holds.

    Args:
        model: what it should be.
        content: of the file.
        path: of the file, for messages.

    Raises:
        InputError: it is damaged, or of another version.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise _explained(model, content, path, error) from None


def names_in(folder: Path) -> list[str]:
    """Names of what lies in a folder; none if it is not there or cannot be read."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return []


def check_score(score: ScoreRecord, path: Path, name: str) -> None:
    """Refuses scores that no evaluation can have given.

    Raises:
        InputError: nothing was counted, or a score is no fraction.
    """
    if score.count <= 0:
        raise refusal(path, f"{name} counts no clips")
    if not all(math.isfinite(value) and 0 <= value <= 1 for value in (score.m_j, score.m_f)):
        raise refusal(path, f"{name} lies outside [0, 1]")


def check_effort(provenance: Provenance, path: Path) -> None:
    """Refuses times and workers that no training can have had, and that would spoil every sum over trials.

    Raises:
        InputError: the training took no finite time, or an impossible number of workers.
    """
    if not (math.isfinite(provenance.training_seconds) and provenance.training_seconds >= 0):
        raise refusal(path, f"provenance.training_seconds is {provenance.training_seconds}, which is no time")
    if not 1 <= provenance.workers < 2**31:
        raise refusal(path, "provenance.workers is no number of workers")


def refusal(path: Path, what: str) -> InputError:
    """What is wrong with a document."""
    return InputError(Problem(shown(path), what))


def unreadable(path: Path, error: OSError) -> InputError:
    """The system refuses to read a file or folder."""
    return refusal(path, f"cannot be read: {error.strerror}")


def shown(path: Path) -> str:
    """The path below the storage folder, so that reports do not depend on where the storage lies."""
    return "/".join(path.parts[-3:])


def _explained(model: type[Document], content: bytes, path: Path, error: ValidationError) -> InputError:
    """Why a document was refused; looking at its values again takes longer and says more."""
    try:
        validate(model, json.loads(content), shown(path))
    except InputError as explained:
        return explained
    except (ValueError, RecursionError) as reason:
        return refusal(path, f"cannot be read: {reason}")
    return refusal(path, f"cannot be read: {error.errors()[0]['msg']}")
