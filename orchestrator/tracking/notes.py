"""Descriptions of runs: MLflow shows them as Markdown. One that a user has written or changed is left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

NOTE_TAG = "mlflow.note.content"
"""MLflow's tag for the description of a run, a model or an experiment."""
DIGEST_TAG = "combo.note_digest"
"""Digest of the description that was written here last: another one is the user's."""
LONGEST_NOTE = 7500
"""Characters; MLflow takes 8000 in a tag."""


def note_tags(known: Mapping[str, str], text: str) -> dict[str, str]:
    """The tags that give a run its description.

    Args:
        known: tags that the run has.
        text: Markdown; what is too long for MLflow is cut at the end of a line.
    """
    if is_users_note(known):
        return {DIGEST_TAG: known[DIGEST_TAG]} if DIGEST_TAG in known else {}
    note = _cut(text)
    return {NOTE_TAG: note, DIGEST_TAG: _digest(note)}


def users_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of a run's tags that a user has set."""
    users = {name: value for name, value in tags.items() if not name.startswith(("combo.", "mlflow."))}
    return users | ({NOTE_TAG: tags[NOTE_TAG]} if is_users_note(tags) else {})


def is_users_note(tags: Mapping[str, str]) -> bool:
    """Whether a run has a description that was not written here."""
    return NOTE_TAG in tags and _digest(tags[NOTE_TAG]) != tags.get(DIGEST_TAG)


def _cut(text: str) -> str:
    if len(text) <= LONGEST_NOTE:
        return text
    return text[:LONGEST_NOTE].rpartition("\n")[0] + "\n\n… the artifacts of the run hold all of it"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
