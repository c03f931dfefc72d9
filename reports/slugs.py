"""Names as parts of file names."""

from __future__ import annotations

import re


def slug(name: str) -> str:
    """A name in letters, digits, `-` and `_`: `combo/table7` becomes `combo-table7`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)
