"""A model on disk that describes itself: weights, the configuration that they belong to, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, NonNegativeInt, ValidationError
from torch import Tensor, nn

from model.config import TrialConfig
from model.interface import Network, model_of
from model.registry import UNNAMED
from model.weights.errors import CheckpointError
from model.weights.folder import MANIFEST_FILE, WEIGHTS_FILE, damaged_file, read_manifest, write_folder
from model.weights.foreign_file import read_tensors
from model.weights.state_dict_mismatch import mismatch, shapes
from model.weights.uninitialised import uninitialised

CONTINUE = "run the trial again, it continues from what is intact"
"""What mends the weights of a trial that is not finished."""


@dataclass(frozen=True)
class Origin:
    """Where weights come from."""

    kind: Literal["trained", "official"]
    """Trained here, or imported from a file in the form of the authors' release."""
    file: str = ""
    """Name of the imported file."""
    sha256: str = ""
    """Digest of the imported file."""
    source: str = ""
    """Where the authors published that file, as its importer states."""


TRAINED = Origin("trained")


class _Description(BaseModel):
    """The manifest entries that make a folder of weights a stored model."""

    step: NonNegativeInt
    config: TrialConfig
    origin: Origin


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
        state: of a network of that configuration.
        config: of the trial.
        step: optimiser steps behind the weights.
        origin: where they come from.
    """
    return write_folder(folder, {WEIGHTS_FILE: state}, describe(config, step, origin), replace=True)


def describe(config: TrialConfig, step: int, origin: Origin = TRAINED) -> dict[str, Any]:
    """The manifest entries that make a folder of weights a stored model."""
    return {"step": step, "config": config.model_dump(mode="json"), "origin": asdict(origin)}


def read_stored_model(folder: Path) -> StoredModel:
    """Reads the description of weights and checks every checksum.

    Raises:
        CheckpointError: it is no such folder, is damaged, or holds weights without their configuration.
    """
    if not any((folder / name).is_file() for name in (MANIFEST_FILE, WEIGHTS_FILE)):
        raise CheckpointError(f"{folder} is no checkpoint folder: import the authors' files with 'combo model import'")
    if (damage := damaged_file(folder)) is not None:
        raise CheckpointError(f"{folder} is damaged ({damage}): restore it, or make it again")
    manifest = read_manifest(folder)
    assert manifest is not None  # damaged_file has read it
    if WEIGHTS_FILE not in manifest["checksums"]:
        raise CheckpointError(f"{folder} lists no {WEIGHTS_FILE} in its {MANIFEST_FILE}: make it again")
    try:
        described = _Description.model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        oddity = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        told = oddity if oddity.isprintable() else ascii(oddity)
        raise CheckpointError(f"{folder} names no model that this version knows ({told}): make it again") from None
    return StoredModel(folder, described.config, described.origin, described.step, manifest["checksums"][WEIGHTS_FILE])


def model_named_in(folder: Path) -> str | None:
    """The model whose weights a folder holds, by its own description; None where it does not say."""
    match read_manifest(folder):
        case {"config": {"model": dict(section)}}:
            return str(section.get("name", UNNAMED))
        case _:
            return None


def load_model(stored: StoredModel, device: torch.device | str = "cpu") -> Network:
    """Builds the network and fills it strictly; it is in evaluation mode and needs no other file.

    Raises:
        CheckpointError: names are missing or unexpected in the file, or of another shape.
    """
    with uninitialised():
        model = model_of(stored.config).build(stored.config.without_pretraining())
    fill(stored.folder, model)
    return model.to(device).eval()


def load_weights(folder: Path, model: nn.Module, remedy: str = CONTINUE) -> None:
    """Fills a model strictly.

    Args:
        folder: of the weights.
        model: to be filled.
        remedy: what to do when the folder is damaged.

    Raises:
        CheckpointError: the folder is damaged; names missing or unexpected in the file, or of another shape.
    """
    if (damage := damaged_file(folder)) is not None:
        raise CheckpointError(f"{folder} is damaged ({damage}): {remedy}")
    fill(folder, model)


def fill(folder: Path, model: nn.Module) -> None:
    """Fills a model strictly from a folder that is known to be intact.

    Raises:
        CheckpointError: names are missing or unexpected in the file, or of another shape.
    """
    model.load_state_dict(fitting_tensors(folder, model), strict=True)


def fitting_tensors(folder: Path, model: nn.Module) -> dict[str, Tensor]:
    """The weights in a folder that is known to be intact.

    Args:
        folder: of the weights.
        model: the network that they must fit; it stays as it is, and its tensors need no values.

    Raises:
        CheckpointError: names are missing or unexpected in the file, or of another shape.
    """
    state = read_tensors(folder / WEIGHTS_FILE)
    if (frozen := (read_manifest(folder) or {}).get("frozen")) is not None:
        state |= read_tensors(folder.parent / frozen / WEIGHTS_FILE)
    if told := mismatch(state, shapes(model)):
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE} does not fit this model, use the configuration that it was made with: {told}"
        )
    return state
