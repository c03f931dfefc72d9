"""Reading stored documents; one that cannot be trusted becomes a problem, never a crash."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from experiments.errors import InputError, Problem, validate
from experiments.records import ScoreRecord

Document = TypeVar("Document", bound=BaseModel)


def read_document(model: type[Document], path: Path) -> Document:
    """A stored document.

    Raises:
        InputError: it is missing, damaged, or of another version.
    """
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise refusal(path, "is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise refusal(path, f"cannot be read: {error}") from None
    return validate(model, values, shown(path))


def check_score(score: ScoreRecord, path: Path, name: str) -> None:
    """Refuses scores that no evaluation can have given.

    Raises:
        InputError: nothing was counted, or a score is no fraction.
    """
    if score.count <= 0:
        raise refusal(path, f"{name} counts no clips")
    if not all(math.isfinite(value) and 0 <= value <= 1 for value in (score.m_j, score.m_f)):
        raise refusal(path, f"{name} lies outside [0, 1]")


def refusal(path: Path, what: str) -> InputError:
    """What is wrong with a document."""
    return InputError(Problem(shown(path), what))


def shown(path: Path) -> str:
    """The path below the storage folder, so that reports do not depend on where the storage lies."""
    return "/".join(path.parts[-3:])
