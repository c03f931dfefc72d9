"""Which clips of a split stand for it wherever clips are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from model.data.layout import IndexEntry


def first_by_category(entries: Sequence[IndexEntry]) -> list[int]:
    """Places of all clips: the first one of every category, then the second ones, and so on.

    Clips go by name and categories by theirs, so the order depends on the data set alone: no score has a say in it.

    Args:
        entries: of one split, in the order of the index.
    """
    before: Counter[str] = Counter()
    rounds = []
    for place, entry in enumerate(entries):
        rounds.append((before[entry.category], place))
        before[entry.category] += 1
    return [place for _, place in sorted(rounds)]
