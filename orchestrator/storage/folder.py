"""Storage in a folder of this machine, or one that all nodes share."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from experiments.atomic_write import write_atomic
from experiments.errors import Problem
from model.atomic_writes import draft_of, flush_to_disk
from model.regular_files import UnsuitableFileError, check_regular, read_regular
from orchestrator.storage.errors import StorageError
from orchestrator.storage.local_files import delete_local, files_below, names_below
from orchestrator.storage.names import check_folder, check_name, countable
from orchestrator.storage.storage import Choose, Wanted


@dataclass(frozen=True)
class FolderStorage:
    """See `Storage`: the folder is the storage, so there is nothing to fetch or to publish."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    @property
    def cache(self) -> Path:
        """See `Storage`."""
        return self.root / "cache"

    def fetch(self, names: str | Iterable[str], wanted: Wanted | None = None, choose: Choose | None = None) -> None:  # noqa: ARG002
        """See `Storage`."""
        for name in [names] if isinstance(names, str) else names:
            check_folder(name)

    def publish(self, name: str) -> None:
        """See `Storage`."""
        (self.root / check_name(name)).stat()

    def create(self, name: str, content: bytes, *, flush: bool = True, after: Collection[str] = ()) -> bool:
        """See `Storage`. A hard link, unlike a rename, does not replace what is there."""
        path = self.root / check_name(name)
        draft = write_atomic(draft_of(path), content, flush=False)
        try:
            if flush:
                earlier = (self.root / check_name(before) for before in after)
                flush_to_disk([draft, *(one for one in earlier if one.exists())])
            os.link(draft, path)
        except FileExistsError:
            # What is no file was not stored by anybody, and nobody could ever read it.
            self._check_file(path)
            return False
        finally:
            draft.unlink()
        return True

    def write(self, name: str, content: bytes, *, flush: bool = True) -> None:
        """See `Storage`."""
        write_atomic(self.root / check_name(name), content, flush=flush)

    def read(self, name: str) -> bytes | None:
        """See `Storage`."""
        path = self.root / check_name(name)
        try:
            return read_regular(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnsuitableFileError as error:
            raise _refusal(path, error) from None

    def names(self, prefix: str) -> list[str]:
        """See `Storage`."""
        return sorted(countable(names_below(self.root, check_folder(prefix))))

    def sizes(self, prefix: str) -> dict[str, int]:
        """See `Storage`."""
        return files_below(self.root, check_folder(prefix))

    def move(self, name: str, to: str) -> None:
        """See `Storage`."""
        path, place = self.root / check_name(name), self.root / check_name(to)
        if os.path.lexists(path):
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)

    def delete(self, name: str) -> None:
        """See `Storage`."""
        delete_local(self.root / check_name(name))

    def for_worker(self) -> FolderStorage:
        """See `Storage`."""
        return self

    def _check_file(self, path: Path) -> None:
        try:
            check_regular(path)
        except OSError as error:
            raise _refusal(path, error) from None


def _refusal(path: Path, error: OSError) -> StorageError:
    return StorageError(str(Problem(str(path), f"is damaged: {error.strerror}", "move it away, a file belongs there")))
