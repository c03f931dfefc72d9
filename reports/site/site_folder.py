"""The folder of a site: what it holds is written, what only an earlier site there held is removed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from experiments.atomic_write import write_atomic
from reports.site.paths import MANIFEST

_NAMES = TypeAdapter(frozenset[str])


def write_site(files: Mapping[str, str | bytes], out: Path) -> tuple[Path, ...]:
    """Writes the files of a site; returns where they lie, in their order.

    Of the files that are there already, those are removed that earlier sites wrote and this one lacks.

    Args:
        files: contents by path below the folder.
        out: the folder, made when absent.

    Raises:
        OSError: the folder cannot be written.
    """
    before = _remembered(out)
    # A site that is cut short is remembered too, so that the next one can clear it away.
    _remember(before | files.keys(), out)
    written = tuple(_write(out / name, content) for name, content in files.items())
    _remove(before - files.keys(), written, out)
    _remember(files, out)
    return written


def _remembered(out: Path) -> frozenset[str]:
    """The names that the folder's manifest gives; none where it is absent or damaged."""
    try:
        return _NAMES.validate_json((out / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return frozenset()


def _remember(names: Iterable[str], out: Path) -> None:
    _write(out / MANIFEST, json.dumps(sorted(names), indent=1) + "\n")


def _write(path: Path, content: str | bytes) -> Path:
    """Leaves a file that holds just this alone: to read is quicker than to write, and its date keeps its meaning."""
    wanted = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.stat().st_size == len(wanted) and path.read_bytes() == wanted:
        return path
    return write_atomic(path, content)


def _remove(names: Iterable[str], kept: Iterable[Path], out: Path) -> None:
    """Anybody can have edited the manifest: names that lead out of the folder or to what is kept are passed over."""
    root, stays = out.resolve(), {path.resolve() for path in kept}
    for path in (out / name for name in names):
        if path.is_file() and (place := path.resolve()).is_relative_to(root) and place not in stays:
            path.unlink()
