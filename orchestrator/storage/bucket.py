"""Storage in a bucket that speaks S3, with a copy of the parts in use on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from experiments.atomic_write import write_atomic
from orchestrator.storage.copy_index import CopyIndex
from orchestrator.storage.fetching import Fetching
from orchestrator.storage.listed_objects import StoredObject
from orchestrator.storage.listing import Listing
from orchestrator.storage.local_files import delete_if_empty, delete_local, names_below
from orchestrator.storage.names import MANIFEST, check_folder, check_name, countable, is_hidden, parent
from orchestrator.storage.s3 import Bucket
from orchestrator.storage.scratch import cache_folder, new_scratch, tie
from orchestrator.storage.storage import Choose, Wanted

TRANSFERS = 16
"""Files that travel at once."""


@dataclass(frozen=True)
class BucketStorage:
    """See `Storage`: `root` is a copy of what this process, or all commands of this user, fetched and wrote."""

    bucket: str
    prefix: str
    """Prefix of the keys, without the slash that follows; empty for the whole bucket."""
    root: Path

    def __str__(self) -> str:
        return f"s3://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def cache(self) -> Path:
        """See `Storage`."""
        return _place(self) / "cache"

    def check(self) -> None:
        """Looks once whether the bucket can be used.

        Raises:
            StorageError: it is absent, the credentials are refused, or the endpoint is away.
        """
        self._s3.check()

    def fetch(self, names: str | Iterable[str], wanted: Wanted | None = None, choose: Choose | None = None) -> None:
        """See `Storage`. Several names cost little more time than one: they are listed at once."""
        places = [check_folder(name) for name in ([names] if isinstance(names, str) else names)]
        index = CopyIndex(self.root)
        with ThreadPoolExecutor(TRANSFERS) as pool:
            stored = self._all_stored(places, pool)
            there = {file for file in countable(stored) if wanted is None or wanted(file)}
            for file in self._here(places):
                if file not in there and not is_hidden(file) and (wanted is None or wanted(file)):
                    self._forget(file, index)
            chosen = there if choose is None else choose(there)
            Fetching(self._s3, self.root, index, pool).fetch({file: stored[file] for file in chosen})
        index.save()

    def publish(self, name: str) -> None:
        """See `Storage`. What has not changed since it was fetched or published does not travel again."""
        path = self.root / check_name(name)
        if not path.is_dir():
            self._s3.upload(path, self._key(name))
            return
        stored, index = self._stored(name), CopyIndex(self.root)
        changed = [
            file
            for file in names_below(self.root, name)
            if not is_hidden(file) and not (file in stored and index.matches(file, stored[file].etag))
        ]
        # Without its manifest, a folder whose files are being replaced counts as absent.
        manifests = [file for file in changed if _is_manifest(file)]
        replaced = {parent(file) for file in changed if not _is_manifest(file)}
        outdated = [f"{folder}/{MANIFEST}" for folder in replaced if f"{folder}/{MANIFEST}" in stored]
        self._s3.delete(map(self._key, outdated))
        self._upload([file for file in changed if not _is_manifest(file)], index)
        self._upload(dict.fromkeys([*manifests, *outdated]), index)
        index.save()

    def create(self, name: str, content: bytes, *, flush: bool = True, after: Collection[str] = ()) -> bool:  # noqa: ARG002
        """See `Storage`."""
        if not self._s3.create(self._key(check_name(name)), content):
            return False
        write_atomic(self.root / name, content, flush=False)
        return True

    def write(self, name: str, content: bytes, *, flush: bool = True) -> None:  # noqa: ARG002
        """See `Storage`. No flush here: what is torn differs from what is stored, and is fetched again."""
        self._s3.write(self._key(check_name(name)), content)
        write_atomic(self.root / name, content, flush=False)

    def read(self, name: str) -> bytes | None:
        """See `Storage`."""
        return self._s3.read(self._key(check_name(name)))

    def names(self, prefix: str) -> list[str]:
        """See `Storage`."""
        return sorted(countable(self._below(check_folder(prefix))))

    def sizes(self, prefix: str) -> dict[str, int]:
        """See `Storage`."""
        return {name: stored.size for name, stored in self._below(check_folder(prefix)).items()}

    def move(self, name: str, to: str) -> None:
        """See `Storage`."""
        check_name(to)
        for file in sorted(self._stored(check_name(name)), key=_is_manifest):
            self._s3.copy(self._key(file), self._key(f"{to}{file.removeprefix(name)}"))
        self.delete(name)

    def delete(self, name: str) -> None:
        """See `Storage`."""
        below = self._stored(check_name(name))
        # Without its manifest, a folder that is half-deleted counts as absent.
        doomed = sorted(below, key=lambda file: (not _is_manifest(file), file))
        self._s3.delete(map(self._key, doomed))
        delete_local(self.root / name)

    def for_worker(self) -> BucketStorage:
        """See `Storage`."""
        scratch = new_scratch(_place(self) / "workers")
        worker = BucketStorage(self.bucket, self.prefix, scratch)
        tie(scratch, worker)
        return worker

    @property
    def _s3(self) -> Bucket:
        return Bucket(self.bucket, str(self))

    def _key(self, name: str) -> str:
        return "/".join(part for part in (self.prefix, name) if part)

    def _stored(self, name: str) -> dict[str, StoredObject]:
        """The file of this name, and all files below the folder of this name."""
        with ThreadPoolExecutor(TRANSFERS) as pool:
            return self._all_stored([name], pool)

    def _all_stored(self, places: Iterable[str], pool: Executor) -> dict[str, StoredObject]:
        """The files of these names, and all files below the folders of these names."""
        start = f"{self.prefix}/" if self.prefix else ""
        keys = {place: start + place for place in places}
        found = Listing(self._s3, pool).of(keys.values())
        return {
            one.key.removeprefix(start): one
            for place, key in keys.items()
            for one in found[key]
            if one.key == key or _is_below(one.key.removeprefix(start), place)
        }

    def _here(self, places: Iterable[str]) -> Iterator[str]:
        """The same of the copy."""
        for place in places:
            yield from names_below(self.root, place)
            if (self.root / place).is_file():
                yield place

    def _below(self, folder: str) -> dict[str, StoredObject]:
        return {file: found for file, found in self._stored(folder).items() if file != folder}

    def _upload(self, files: Iterable[str], index: CopyIndex) -> None:
        def send(file: str) -> tuple[str, str]:
            return file, self._s3.upload(self.root / file, self._key(file))

        with ThreadPoolExecutor(TRANSFERS) as pool:
            for file, etag in pool.map(send, files):
                index.note(file, etag)

    def _forget(self, file: str, index: CopyIndex) -> None:
        """Deletes what is not stored any more, and the folders that this empties."""
        index.forget(file)
        delete_local(self.root / file)
        for folder in (self.root / file).parents:
            if folder == self.root or not delete_if_empty(folder):
                return


def open_bucket(bucket: str, prefix: str) -> BucketStorage:
    """A bucket with the copy that all commands of this user on this machine share.

    Raises:
        StorageError: the bucket is absent, the credentials are refused, or the endpoint is away.
    """
    unplaced = BucketStorage(bucket, prefix, Path())
    unplaced.check()
    return BucketStorage(bucket, prefix, _place(unplaced) / "copy")


def _place(storage: BucketStorage) -> Path:
    """This machine's folder for a storage; the same name at another endpoint is another storage."""
    digest = hashlib.sha256(f"{storage._s3.endpoint} {storage}".encode()).hexdigest()[:16]
    return cache_folder() / f"{storage.bucket}-{digest}"


def _is_below(file: str, folder: str) -> bool:
    return not folder or file.startswith(f"{folder}/")


def _is_manifest(file: str) -> bool:
    return file.rpartition("/")[2] == MANIFEST
