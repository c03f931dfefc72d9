"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all. Loading never runs code.

    checkpoints/step-00000200/   weights and optimiser: training continues from here
    checkpoints/best-00000150/   weights with the best validation score so far
Each folder holds `manifest.json` with the SHA-256 of its files and of the manifest itself.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model.metrics.protocol import Score

log = logging.getLogger(__name__)

WEIGHTS_FILE = "model.safetensors"
OPTIMIZER_FILE = "optimizer.safetensors"
MANIFEST_FILE = "manifest.json"
PARTIAL = ".partial"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class CheckpointError(RuntimeError):
    """A stored checkpoint does not fit what is loaded from it."""


class Progress:
    """What a run knows besides tensors: steps done and the best validation so far."""

    def __init__(self, step: int = 0, best_step: int = 0, best: Score | None = None) -> None:
        self.step, self.best_step, self.best = step, best_step, best

    def improve(self, score: Score) -> bool:
        """Takes over a validation score if it is strictly better; says whether it was."""
        if self.best is not None and score.m_j <= self.best.m_j:
            return False
        self.best_step, self.best = self.step, score
        return True


def save_training_state(
    root: Path, model: nn.Module, optimizer: torch.optim.Optimizer, scaler: Mapping[str, Any], progress: Progress
) -> Path:
    """Writes `step-<n>`: all that is needed to continue bit by bit."""
    best = progress.best
    manifest = {
        "step": progress.step,
        "best_step": progress.best_step,
        "best": None if best is None else [best.j_sum, best.f_sum, best.count],
        "scaler": dict(scaler),
    }
    tensors = {WEIGHTS_FILE: model.state_dict(), OPTIMIZER_FILE: _optimizer_tensors(optimizer)}
    return _write(root / f"step-{progress.step:08d}", tensors, manifest)


def save_best(root: Path, model: nn.Module, step: int) -> Path:
    """Writes `best-<n>`: weights only."""
    return _write(best_folder(root, step), {WEIGHTS_FILE: model.state_dict()}, {"step": step})


def load_training_state(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Any]]:
    """Fills model and optimiser, on the devices they are on; returns the progress and the gradient scaler's state."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    _fill(folder, model)
    stored = load_file(folder / OPTIMIZER_FILE)
    for name, parameter in _named_parameters(optimizer):
        if f"step/{name}" in stored:
            moments = {moment: stored[f"{moment}/{name}"] for moment in MOMENTS}
            optimizer.state[parameter] = {
                # AdamW counts its steps on the CPU.
                moment: value if moment == "step" else value.to(parameter.device)
                for moment, value in moments.items()
            }
    best = None if manifest["best"] is None else Score(*manifest["best"])
    return Progress(manifest["step"], manifest["best_step"], best), manifest["scaler"]


def load_weights(folder: Path, model: nn.Module) -> None:
    """Fills a model strictly.

    Raises:
        CheckpointError: the folder is damaged; names missing or unexpected in the file, or of another shape.
    """
    if (damage := damaged_file(folder)) is not None:
        raise CheckpointError(f"{folder} is damaged ({damage}): run the trial again, it continues from what is intact")
    _fill(folder, model)


def latest_training_state(root: Path) -> Path | None:
    """The newest `step-<n>` folder that is intact, and so are the best weights that it refers to.

    Damaged ones are named in the log and passed over; training then makes them anew.
    """
    for folder in sorted(root.glob("step-*"), reverse=True):
        if folder.suffix == PARTIAL:
            continue
        damage = damaged_file(folder) or _damaged_best(root, folder)
        if damage is None:
            return folder
        log.warning("checkpoint %s is damaged (%s); using an earlier one", folder, damage)
    return None


def damaged_file(folder: Path) -> str | None:
    """Name of the first file that is absent or differs from its checksum; None when the checkpoint is intact."""
    manifest = _read_manifest(folder)
    if manifest is None:
        return MANIFEST_FILE
    for name, expected in manifest["checksums"].items():
        path = folder / name
        if not path.is_file() or file_checksum(path) != expected:
            return str(name)
    return None


def prune(root: Path, keep: int, newest: int) -> None:
    """Deletes all but `keep` training states up to step `newest`, and best weights that none of those refers to.

    What lies beyond `newest` was damaged when training continued and is about to be written anew.
    """
    states = sorted(folder for folder in root.glob("step-*") if folder.suffix != PARTIAL and _step(folder) <= newest)
    for folder in states[:-keep]:
        shutil.rmtree(folder)
    wanted = {manifest["best_step"] for folder in states[-keep:] if (manifest := _read_manifest(folder))}
    for folder in root.glob("best-*"):
        if _step(folder) not in wanted and _step(folder) < newest:
            shutil.rmtree(folder)


def best_folder(root: Path, step: int) -> Path:
    """Where the weights of the best validation at a step lie."""
    return root / f"best-{step:08d}"


def file_checksum(path: Path) -> str:
    """SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], manifest: dict[str, Any]) -> Path:
    partial = folder.with_name(folder.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    checksums = {}
    for name, state in tensors.items():
        save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, partial / name)
        checksums[name] = file_checksum(partial / name)
    manifest = {**manifest, "checksums": checksums}
    manifest["own_checksum"] = _manifest_checksum(manifest)
    (partial / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    for written in partial.iterdir():
        _flush_to_disk(written)
    # A folder of this name is a damaged one, or left by an attempt that got further than its training state.
    shutil.rmtree(folder, ignore_errors=True)
    return partial.rename(folder)


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _manifest_checksum(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a checkpoint; None when it is absent or differs from its checksum."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text())
        intact = manifest.pop("own_checksum") == _manifest_checksum(manifest)
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return manifest if intact else None


def _damaged_best(root: Path, state: Path) -> str | None:
    """Which file of the best weights that an intact training state refers to is damaged, if any."""
    step = json.loads((state / MANIFEST_FILE).read_text())["best_step"]
    folder = best_folder(root, step)
    damage = damaged_file(folder) if step else None
    return None if damage is None else f"{folder.name}/{damage}"


def _step(folder: Path) -> int:
    return int(folder.name.removesuffix(PARTIAL).partition("-")[2])


def _fill(folder: Path, model: nn.Module) -> None:
    try:
        model.load_state_dict(load_file(folder / WEIGHTS_FILE), strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"{folder / WEIGHTS_FILE} does not fit this model: {error}") from error


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{moment}/{name}": optimizer.state[parameter][moment]
        for name, parameter in _named_parameters(optimizer)
        if parameter in optimizer.state
        for moment in MOMENTS
    }


def _named_parameters(optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    for group in optimizer.param_groups:
        yield from zip(group["names"], group["params"], strict=True)
