"""Lists objects of a bucket by the beginnings of their keys: many beginnings at once, and a long list in parts."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.storage.listed_objects import StoredObject
from orchestrator.storage.s3 import Bucket

DIVIDED_AT = "0123456789abcdef"
"""A long list is divided at keys with these characters behind the folder: trial keys begin with each equally often."""


@dataclass(frozen=True)
class _Part:
    """A part of the list of one beginning."""

    prefix: str
    after: str
    """Key before the first."""
    last: str | None
    """Last key, whether or not it is there; None for all that are left."""


class Listing:
    """Lists.

    Args:
        bucket: which is listed.
        pool: in which requests are made at once.
    """

    def __init__(self, bucket: Bucket, pool: Executor) -> None:
        self._bucket, self._pool = bucket, pool

    def of(self, prefixes: Iterable[str]) -> dict[str, list[StoredObject]]:
        """The objects whose keys begin with each prefix: one request for a prefix of up to 1,000 objects.

        Args:
            prefixes: names of files or folders, without a slash at the end.
        """
        wanted = list(prefixes)
        found, parts = {}, list[_Part]()
        for prefix, (objects, is_cut) in zip(wanted, self._pool.map(self._bucket.page, wanted), strict=True):
            found[prefix] = objects
            if is_cut:
                parts += _parts(prefix, objects[-1].key)
        for part, objects in zip(parts, self._pool.map(self._list, parts), strict=True):
            found[part.prefix] += objects
        return found

    def _list(self, part: _Part) -> list[StoredObject]:
        found, after, has_more = list[StoredObject](), part.after, True
        while has_more:
            objects, has_more = self._bucket.page(part.prefix, after)
            found += [one for one in objects if part.last is None or one.key <= part.last]
            after = objects[-1].key if objects else after
            has_more = has_more and len(objects) > 0 and (part.last is None or after <= part.last)
        return found


def _parts(prefix: str, after: str) -> list[_Part]:
    """The parts behind a key, none of which knows of another."""
    edges = [after, *(edge for character in DIVIDED_AT if (edge := f"{prefix}/{character}") > after)]
    return [*(_Part(prefix, *pair) for pair in pairwise(edges)), _Part(prefix, edges[-1], None)]
