"""Folders of tensors that appear whole or not at all and know their own checksums. Loading never runs code.

Each folder holds safetensors files and `manifest.json`, with the SHA-256 of those files and of the manifest itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from model.atomic_writes import atomic_folder, delete_folder
from model.manifest import MANIFEST_FILE as MANIFEST_FILE
from model.manifest import WEIGHTS_FILE as WEIGHTS_FILE
from model.manifest import manifest_checksum
from model.manifest import read_manifest as read_manifest


def write_folder(
    folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], manifest: Mapping[str, Any], *, replace: bool
) -> Path:
    """Writes files of tensors and their manifest beside their place and moves them there; returns the folder.

    Args:
        folder: where to.
        tensors: by file name.
        manifest: whatever else the folder shall know; JSON.
        replace: whether a folder that is there already gives way.

    Raises:
        FileExistsError: there is a folder already, which shall not give way.
        OSError: the folder cannot be written.
    """
    with atomic_folder(folder) as draft:
        checksums = {}
        for name, state in tensors.items():
            try:
                save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, draft / name)
            except SafetensorError as error:  # which also tells of full disks
                failed = OSError(f"{folder} could not be written: {error}")
                failed.errno = _system_error(error)
                raise failed from None
            _share_as_other_files(draft / name)
            checksums[name] = file_checksum(draft / name)
        complete = {**manifest, "checksums": checksums}
        complete["own_checksum"] = manifest_checksum(complete)
        (draft / MANIFEST_FILE).write_text(json.dumps(complete, indent=1, sort_keys=True))
        if replace and folder.exists():
            delete_folder(folder)
    return folder


def _share_as_other_files(path: Path) -> None:
    """Gives a file the permissions of any other new one: safetensors makes its files readable to their owner only.

    There is no way to ask for the mask but to set it, which would show in other threads: a file of our own has it.
    """
    sample = path.with_name(f"{path.name}.mode")
    sample.touch()
    path.chmod(sample.stat().st_mode)
    sample.unlink()


def damaged_file(folder: Path) -> str | None:
    """Name of the first file that is absent or differs from its checksum; None when the folder is intact.

    Frozen tensors beside the folder, to which its manifest refers, are looked at too.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return MANIFEST_FILE
    for name, expected in manifest["checksums"].items():
        path = folder / name
        if not path.is_file() or file_checksum(path) != expected:
            return str(name)
    if (frozen := manifest.get("frozen")) is not None and (damage := damaged_file(folder.parent / frozen)) is not None:
        return f"{frozen}/{damage} beside it"
    return None


def file_checksum(path: Path) -> str:
    """SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _system_error(error: SafetensorError) -> int | None:
    """The system's number of an error, such as that of a full disk; safetensors tells it in its text only."""
    number = re.search(r"os error (\d+)", str(error))
    return int(number[1]) if number else None
