"""A folder as a ZIP file and back; the same folder always gives the same bytes."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from experiments.errors import InputError, Problem
from model.atomic_writes import atomic_file
from reports.stored.zip_damage import ZIP_DAMAGE

_NO_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
_PACKED = (".npz", ".png", ".parquet", ".safetensors")
"""Endings of files that compressing makes no smaller."""
MOST_BYTES = 2**40
"""What an archive may unpack to; more is none of ours."""


def pack(folder: Path, out: Path) -> None:
    """Writes all files of a folder, in the order of their names.

    Args:
        folder: without links.
        out: the file, replaced if it exists.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(out) as draft, zipfile.ZipFile(draft, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _NO_DATE)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target)


def unpack(bundle: Path, folder: Path) -> None:
    """Unpacks a file that anybody may have written: nothing lands outside of the folder.

    Raises:
        InputError: it is no ZIP file, or holds what no bundle does.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise InputError(Problem(str(bundle), "unpacks to more than any bundle holds"))
            for entry in archive.infolist():
                _refuse_unsafe(entry.filename, bundle)
                archive.extract(entry, folder)
    except ZIP_DAMAGE as error:
        raise InputError(Problem(str(bundle), f"is no sound ZIP file: {error}", "fetch it again")) from None


def _refuse_unsafe(name: str, bundle: Path) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise InputError(Problem(str(bundle), f"holds {name!r}, which lies outside of it", "do not use it"))
