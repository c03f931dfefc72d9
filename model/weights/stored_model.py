"""A model on disk that describes itself: weights, the configuration that they belong to, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from torch import Tensor, nn

from model.combo.network import Combo
from model.config import TrialConfig
from model.weights.errors import CheckpointError
from model.weights.folder import WEIGHTS_FILE, damaged_file, read_manifest, write_folder


@dataclass(frozen=True)
class Origin:
    """Where weights come from."""

    kind: Literal["trained", "official"]
    """Trained here, or imported from the authors' release."""
    file: str = ""
    """Name of the imported file."""
    sha256: str = ""
    """Of the imported file."""


TRAINED = Origin("trained")


@dataclass(frozen=True)
class StoredModel:
    """What a folder of weights says of itself."""

    folder: Path
    config: TrialConfig
    origin: Origin
    step: int
    """Optimiser steps behind the weights; 0 when the origin does not say."""
    checksum: str
    """SHA-256 of the weights file."""


def save_model(
    folder: Path,
    state: Mapping[str, Tensor],
    config: TrialConfig,
    step: int,
    origin: Origin = TRAINED,
) -> Path:
    """Writes weights with their description.

    Args:
        folder: replaced if it exists.
        state: of a `Combo` of that configuration.
        config: of the trial.
        step: optimiser steps behind the weights.
        origin: where they come from.
    """
    return write_folder(folder, {WEIGHTS_FILE: state}, describe(config, step, origin))


def describe(config: TrialConfig, step: int, origin: Origin = TRAINED) -> dict[str, Any]:
    """The manifest entries that make a folder of weights a stored model."""
    return {"step": step, "config": config.model_dump(mode="json"), "origin": asdict(origin)}


def read_stored_model(folder: Path) -> StoredModel:
    """Reads the description of weights and checks every checksum.

    Raises:
        CheckpointError: the folder is absent, damaged, or holds weights without their configuration.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is no checkpoint folder: import the authors' files with 'combo model import'")
    if (damage := damaged_file(folder)) is not None:
        raise CheckpointError(f"{folder} is damaged ({damage}): restore it, or make it anew")
    manifest = read_manifest(folder)
    assert manifest is not None  # damaged_file has read it
    try:
        config = TrialConfig.model_validate(manifest["config"])
        origin = Origin(**manifest["origin"])
    except (KeyError, TypeError, ValidationError) as error:
        raise CheckpointError(
            f"{folder} names no model that this version knows ({type(error).__name__}): make it anew"
        ) from None
    return StoredModel(folder, config, origin, manifest["step"], manifest["checksums"][WEIGHTS_FILE])


def load_model(stored: StoredModel, device: torch.device | str = "cpu") -> Combo:
    """Builds the network and fills it strictly; it is in evaluation mode and needs no other file.

    Raises:
        CheckpointError: names are missing or unexpected in the file, or of another shape.
    """
    model = Combo(without_pretraining(stored.config))
    fill(stored.folder, model)
    return model.to(device).eval()


def without_pretraining(config: TrialConfig) -> TrialConfig:
    """The same network without a look for ImageNet weights, for models whose weights all come from elsewhere."""
    backbone = config.model.backbone.model_copy(update={"weights": "random"})
    return config.model_copy(update={"model": config.model.model_copy(update={"backbone": backbone})})


def load_weights(folder: Path, model: nn.Module) -> None:
    """Fills a model strictly.

    Raises:
        CheckpointError: the folder is damaged; names missing or unexpected in the file, or of another shape.
    """
    if (damage := damaged_file(folder)) is not None:
        raise CheckpointError(f"{folder} is damaged ({damage}): run the trial again, it continues from what is intact")
    fill(folder, model)


def fill(folder: Path, model: nn.Module) -> None:
    """Fills a model strictly from a folder that is known to be intact.

    Raises:
        CheckpointError: names are missing or unexpected in the file, or of another shape.
    """
    try:
        model.load_state_dict(load_file(folder / WEIGHTS_FILE), strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"{folder / WEIGHTS_FILE} does not fit this model: {error}") from error
