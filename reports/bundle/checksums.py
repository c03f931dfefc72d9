"""SHA-256 of every file of a bundle, in the form of `sha256sum`, which can check it too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from reports.verifying.verify import Finding

CHECKSUMS_FILE = "checksums.sha256"
_ABSENT = "missing"


def write_checksums(folder: Path) -> None:
    """Writes the list of all files that a folder holds."""
    lines = [f"{digest}  {name}\n" for name, digest in _digests(folder).items()]
    (folder / CHECKSUMS_FILE).write_text("".join(lines), encoding="utf-8")


def check_checksums(folder: Path) -> Iterator[Finding]:
    """Files that differ from the list, are missing, or are in no list."""
    found = _digests(folder)
    try:
        lines = (folder / CHECKSUMS_FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        yield Finding((), CHECKSUMS_FILE, "the list of files", "there", _ABSENT)
        return
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(listed.keys() | found.keys()):
        stored, now = listed.get(name, "not listed"), found.get(name, _ABSENT)
        if stored != now:
            yield Finding((), name, "checksum of the file", stored[:16], now[:16])


def digest_of(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: digest_of(path) for name, path in names.items() if name != CHECKSUMS_FILE}
