"""Stored models become files that the authors' code loads."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.atomic_writes import atomic_file
from model.weights.errors import CheckpointError
from model.weights.folder import MANIFEST_FILE, read_manifest
from model.weights.foreign_file import read_tensors
from model.weights.import_official import OFFICIAL_ONLY_FILE, OFFICIAL_ORDER, official_form_of
from model.weights.parameter_counts import network_without_memory
from model.weights.stored_model import StoredModel, fitting_tensors


def export_official(stored: StoredModel, path: Path) -> int:
    """Writes a stored model as the authors' code reads it, under their names; returns the number of tensors.

    An imported model comes out as it went in: same names in the same order, same types, same bits.

    Args:
        stored: intact, as `read_stored_model` returns it.
        path: of the `.pth` file; appears whole or not at all.

    Raises:
        CheckpointError: the authors' code has no such network, the stored model does not fit its own description, or
            the file is there already or cannot be written.
    """
    if path.exists():
        raise CheckpointError(f"{path} is there already: name another file, or delete it")
    official_form = official_form_of(stored.config)
    state = fitting_tensors(stored.folder, network_without_memory(stored.config))
    official = {
        name: state[ours] for ours, names in official_form.names(stored.config, state).items() for name in names
    } | _official_only(stored)
    ordered = OrderedDict((name, official[name]) for name in _order(stored, official))
    _save({official_form.entry: ordered} if official_form.entry else ordered, path)
    return len(official)


def _official_only(stored: StoredModel) -> dict[str, Tensor]:
    kept = stored.folder / OFFICIAL_ONLY_FILE
    return read_tensors(kept) if kept.exists() else official_form_of(stored.config).extras(stored.config)


def _order(stored: StoredModel, official: dict[str, Tensor]) -> list[str]:
    """Every name once, in the order of the file that was imported, if one was."""
    order = (read_manifest(stored.folder) or {}).get(OFFICIAL_ORDER, list(official))
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(official):
        raise CheckpointError(
            f"{stored.folder / MANIFEST_FILE} lists other tensors as '{OFFICIAL_ORDER}' than the folder holds: "
            "import the authors' file again"
        )
    return order


def _save(content: Mapping[str, Any], path: Path) -> None:
    with atomic_file(path) as draft:
        try:
            torch.save(content, draft)
        except RuntimeError:  # torch does not pass on what the system says
            free = shutil.disk_usage(path.parent).free
            raise CheckpointError(
                f"{path} could not be written, {free / 1e6:.0f} MB are free there: make room, or name another file"
            ) from None
