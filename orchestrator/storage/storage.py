"""What every storage can do. A name is a path below the storage, with slashes, such as `trials/<key>/result.json`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol, TypeAlias

Wanted: TypeAlias = Callable[[str], bool]
Choose: TypeAlias = Callable[[set[str]], set[str]]


class Storage(Protocol):
    """A place for trials. It is read in `root`, a folder on this machine, and written through the methods.

    Where the storage is that folder itself, `fetch` and `publish` have nothing to do. Where it is a bucket, `root` is
    this process's copy of a part of it. Picklable, without secrets: workers find their credentials where they run.

    Names that lead out of the storage are refused by every method with a `StorageError`.
    """

    @property
    def root(self) -> Path:
        """Folder in which this process reads."""
        ...

    @property
    def cache(self) -> Path:
        """Folder of this machine for what can be computed again; processes share it, and it outlives them."""
        ...

    def fetch(self, names: str | Iterable[str], wanted: Wanted | None = None, choose: Choose | None = None) -> None:
        """Makes what lies below `root / name` equal to what is stored there, as far as the names are wanted.

        A folder of tensors appears whole or not at all, and not before its manifest is stored.

        Args:
            names: of one file or folder, or of several that are fetched together.
            wanted: whether a file is; all are by default.
            choose: of the stored files that are wanted, those that are brought. The others stay as they are in `root`.

        Raises:
            StorageError: it cannot be read, after retries.
        """
        ...

    def publish(self, name: str) -> None:
        """Stores the file or folder at `root / name`; of a folder the manifest comes last, so that it is whole or not.

        Raises:
            FileNotFoundError: there is nothing to store.
            StorageError: it cannot be written, after retries.
        """
        ...

    def create(self, name: str, content: bytes, *, flush: bool = True, after: Collection[str] = ()) -> bool:
        """Stores a file that must not be there yet; False if it is. Of several callers exactly one gets True.

        Args:
            name: of the file.
            content: of the file.
            flush: as for `write`.
            after: names of files, written without a flush, that must be safe from a power loss before this one appears;
                one that is not there is passed over.
        """
        ...

    def write(self, name: str, content: bytes, *, flush: bool = True) -> None:
        """Stores a file whole, over what was there.

        Args:
            name: of the file.
            content: of the file.
            flush: whether it appears only once it is safe from a power loss. Else one of the next seconds may leave an
                empty file. What a bucket has stored is always safe.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """What is stored now, whatever `root` holds; None if there is nothing."""
        ...

    def names(self, prefix: str) -> list[str]:
        """Names of the files that are stored now below a folder, sorted; drafts and half-written folders left out."""
        ...

    def sizes(self, prefix: str) -> dict[str, int]:
        """Bytes of everything that is stored now below a folder, half-written folders included."""
        ...

    def move(self, name: str, to: str) -> None:
        """Gives a file or a folder another name, which nothing has yet; what is not there is no error.

        In a bucket, it is there under both names for a while, and `root` no longer holds it.
        """
        ...

    def delete(self, name: str) -> None:
        """Deletes a file or a folder, in storage and in `root`; what is not there is no error."""
        ...

    def for_worker(self) -> Storage:
        """The same storage for a process that writes: with a `root` of its own if `root` is a copy.

        That folder goes when the returned storage or the process does.
        """
        ...
