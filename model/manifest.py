"""What a folder of tensors says of itself: `manifest.json`, with the checksums of its files and its own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from model.regular_files import read_regular

WEIGHTS_FILE = "model.safetensors"
MANIFEST_FILE = "manifest.json"

FROZEN_DIGITS = 16
"""Hexadecimal digits in the name of a folder of tensors that others refer to."""
FROZEN_NAME = rf"^frozen-[0-9a-f]{{{FROZEN_DIGITS}}}$"

FileName = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]


class _Manifest(BaseModel):
    """What the manifest of every folder has; all else in it is the business of whoever wrote the folder."""

    model_config = ConfigDict(strict=True, extra="allow")

    checksums: dict[FileName, str]
    own_checksum: str
    frozen: Annotated[str, StringConstraints(pattern=FROZEN_NAME)] | None = None
    """A folder beside it, whose tensors belong to those of this one."""


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder; None when it is absent, is no manifest, or differs from its checksum.

    Raises:
        PermissionError: this user may not read it, so that nothing can be said of the folder.
    """
    try:
        manifest: dict[str, Any] = json.loads(read_regular(folder / MANIFEST_FILE))
        _Manifest.model_validate(manifest)
        intact = manifest.pop("own_checksum") == manifest_checksum(manifest)
    except PermissionError:
        raise
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if intact else None


def frozen_name(digest: str) -> str:
    """Name of the folder that holds the tensors with a digest, for all folders beside it that refer to them."""
    return f"frozen-{digest[:FROZEN_DIGITS]}"


def is_frozen_name(name: str) -> bool:
    """Whether a folder has such a name."""
    return re.fullmatch(FROZEN_NAME, name) is not None


def manifest_checksum(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest that does not hold it yet."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
