"""Stored models become files that the authors' code loads."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model.config import TrialConfig
from model.weights.errors import CheckpointError
from model.weights.folder import WEIGHTS_FILE, flush_to_disk, read_manifest
from model.weights.foreign_file import STATE
from model.weights.import_official import OFFICIAL_ONLY_FILE, OFFICIAL_ORDER
from model.weights.official_names import EMPTY_WEIGHT, official_names
from model.weights.stored_model import StoredModel


def export_official(stored: StoredModel, path: Path) -> int:
    """Writes a stored model as `{"model": state dict}` under the authors' names; returns the number of tensors.

    An imported model comes out as it went in: same names in the same order, same types, same bits.

    Args:
        stored: intact, as `read_stored_model` returns it.
        path: of the `.pth` file; appears whole or not at all.

    Raises:
        CheckpointError: the authors' code has no such network, or the file is there already.
    """
    if path.exists():
        raise CheckpointError(f"{path} is there already: name another file, or delete it")
    state = load_file(stored.folder / WEIGHTS_FILE)
    official = {
        name: state[ours] for ours, names in official_names(stored.config, state).items() for name in names
    } | _official_only(stored)
    manifest = read_manifest(stored.folder)
    order = (manifest or {}).get(OFFICIAL_ORDER, official)
    _save_whole({STATE: OrderedDict((name, official[name]) for name in order)}, path)
    return len(official)


def _official_only(stored: StoredModel) -> dict[str, Tensor]:
    kept = stored.folder / OFFICIAL_ONLY_FILE
    return load_file(kept) if kept.exists() else {EMPTY_WEIGHT: _class_weights(stored.config)}


def _class_weights(config: TrialConfig) -> Tensor:
    """(K+1,) ones, but for the last, which is no-object."""
    weights = torch.ones(config.classes + 1)
    weights[-1] = config.loss.no_object_weight
    return weights


def _save_whole(content: dict[str, OrderedDict[str, Tensor]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        torch.save(content, draft)
        flush_to_disk(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
