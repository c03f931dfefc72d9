"""When two notations mean the same setting."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)(k?)")


def same_setting(ours: str, printed: str) -> bool:
    """Whether two settings are equal but for how a number is written: `90000` and `90k`, `5` and `5.0`.

    Anything else that differs, a word in another order or a second number, is a difference for the reader to judge.
    """
    return _normal(ours) == _normal(printed)


def _normal(text: str) -> str | Decimal:
    number = _NUMBER.fullmatch(text.strip())
    if number is None:
        return " ".join(text.split())
    return Decimal(number[1]) * (1000 if number[2] else 1)
