"""Folders of tensors that appear whole or not at all and know their own checksums. Loading never runs code.

Each folder holds safetensors files and `manifest.json`, with the SHA-256 of those files and of the manifest itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

WEIGHTS_FILE = "model.safetensors"
MANIFEST_FILE = "manifest.json"
PARTIAL = ".partial"


def write_folder(folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], manifest: Mapping[str, Any]) -> Path:
    """Writes files of tensors and their manifest beside their place and moves them there; returns the folder.

    Args:
        folder: replaced if it exists.
        tensors: by file name.
        manifest: whatever else the folder shall know; JSON.
    """
    partial = folder.with_name(folder.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    checksums = {}
    for name, state in tensors.items():
        save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, partial / name)
        checksums[name] = file_checksum(partial / name)
    complete = {**manifest, "checksums": checksums}
    complete["own_checksum"] = _manifest_checksum(complete)
    (partial / MANIFEST_FILE).write_text(json.dumps(complete, indent=1, sort_keys=True))
    for written in partial.iterdir():
        flush_to_disk(written)
    # A folder of this name is a damaged one, or left by an attempt that got further than its training state.
    shutil.rmtree(folder, ignore_errors=True)
    return partial.rename(folder)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder; None when it is absent or differs from its checksum."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text())
        intact = manifest.pop("own_checksum") == _manifest_checksum(manifest)
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return manifest if intact else None


def damaged_file(folder: Path) -> str | None:
    """Name of the first file that is absent or differs from its checksum; None when the folder is intact."""
    manifest = read_manifest(folder)
    if manifest is None:
        return MANIFEST_FILE
    for name, expected in manifest["checksums"].items():
        path = folder / name
        if not path.is_file() or file_checksum(path) != expected:
            return str(name)
    return None


def file_checksum(path: Path) -> str:
    """SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush_to_disk(path: Path) -> None:
    """Returns once the system has written a file's content out."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _manifest_checksum(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
