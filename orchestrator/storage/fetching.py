"""Brings stored objects into a copy: several at once, only what differs, and nothing that is half there."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from model.atomic_writes import draft_of
from orchestrator.storage.copy_index import CopyIndex
from orchestrator.storage.listed_objects import StoredObject
from orchestrator.storage.names import MANIFEST, parent
from orchestrator.storage.s3 import Bucket


class Fetching:
    """One fetch.

    Args:
        bucket: where from.
        root: of the copy.
        index: what of it is up to date; told what is by the end.
        pool: in which files travel.
    """

    def __init__(self, bucket: Bucket, root: Path, index: CopyIndex, pool: Executor) -> None:
        self._bucket, self._root, self._index, self._pool = bucket, root, index, pool

    def fetch(self, stored: Mapping[str, StoredObject]) -> None:
        """Makes these files, by name, equal to what is stored."""
        changed = [name for name, found in stored.items() if not self._index.matches(name, found.etag)]
        files = Counter(map(parent, stored))
        # A manifest that is wanted alone is a document like others.
        folders = {parent(name) for name in stored if name == f"{parent(name)}/{MANIFEST}" and files[parent(name)] > 1}
        whole = folders.intersection(map(parent, changed))
        loose = {name: stored[name] for name in changed if parent(name) not in whole}
        for name in self._pool.map(self._fetch_file, loose, loose.values()):
            if name:
                self._index.note(name, stored[name].etag)
        by_folder: dict[str, dict[str, StoredObject]] = {folder: {} for folder in sorted(whole)}
        for name, found in stored.items():
            if parent(name) in whole:
                by_folder[parent(name)][name] = found
        for folder, files_of_it in by_folder.items():
            self._fetch_folder(folder, files_of_it)

    def _fetch_file(self, name: str, found: StoredObject) -> str:
        """The name, or nothing if the file is gone by now."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path) as draft:
            if not self._bucket.download(found, draft):
                return ""
            draft.replace(path)
        return name

    def _fetch_folder(self, folder: str, stored: Mapping[str, StoredObject]) -> None:
        place = self._root / folder
        place.parent.mkdir(parents=True, exist_ok=True)
        with _draft(place) as draft:
            draft.mkdir()

            def bring(name: str, found: StoredObject) -> bool:
                target = draft / Path(name).name
                if self._index.matches(name, found.etag):
                    os.link(self._root / name, target)
                    return True
                return self._bucket.download(found, target)

            if all(list(self._pool.map(bring, stored, stored.values()))):
                with _draft(place) as old:
                    if place.exists():
                        place.rename(old)
                    draft.rename(place)
                for name, found in stored.items():
                    self._index.note(name, found.etag)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A place beside another, of which nothing stays."""
    draft = draft_of(path)
    try:
        yield draft
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)
