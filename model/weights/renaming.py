"""Renaming tensors by regular expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence

Renames = Sequence[tuple[str, str]]
"""Pairs of a pattern in one of our names and what takes its place, applied one after the other."""


def rename(name: str, renames: Renames) -> str:
    """The name after all replacements."""
    for pattern, replacement in renames:
        name = re.sub(pattern, replacement, name)
    return name
