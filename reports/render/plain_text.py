"""Text from files, reduced to what can be shown: one line without control characters."""

from __future__ import annotations

import unicodedata


def one_line(text: str) -> str:
    """Line breaks and runs of spaces become one space; control, format and private characters are dropped.

    This removes terminal escapes, bidirectional overrides and whatever else changes how its surroundings look.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    shown = "".join(character if _is_shown(character) else " " if character.isspace() else "" for character in text)
    return " ".join(shown.split())


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
