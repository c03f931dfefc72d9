"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all. Loading never runs code.

    checkpoints/step-00000200/   weights and optimiser: training continues from here
    checkpoints/best-00000150/   weights with the best validation score so far
Each folder holds `manifest.json` with the SHA-256 of its files.
"""

from __future__ import annotations

import hashlib
import json
import logging
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
    return _write(root / f"best-{step:08d}", {WEIGHTS_FILE: model.state_dict()}, {"step": step})


def load_training_state(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> tuple[Progress, dict[str, Any]]:
    """Fills model and optimiser; returns the progress and the gradient scaler's state."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    load_weights(folder, model)
    stored = load_file(folder / OPTIMIZER_FILE, device=str(device))
    for name, parameter in _named_parameters(optimizer):
        if f"step/{name}" in stored:
            optimizer.state[parameter] = {moment: stored[f"{moment}/{name}"] for moment in MOMENTS}
            optimizer.state[parameter]["step"] = optimizer.state[parameter]["step"].cpu()
    best = None if manifest["best"] is None else Score(*manifest["best"])
    return Progress(manifest["step"], manifest["best_step"], best), manifest["scaler"]


def load_weights(folder: Path, model: nn.Module) -> None:
    """Fills a model strictly.

    Raises:
        CheckpointError: names missing or unexpected in the file, or of another shape.
    """
    try:
        model.load_state_dict(load_file(folder / WEIGHTS_FILE), strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"{folder / WEIGHTS_FILE} does not fit this model: {error}") from error


def latest_training_state(root: Path) -> Path | None:
    """The newest intact `step-<n>` folder; damaged ones are named in the log and passed over."""
    for folder in sorted(root.glob("step-*"), reverse=True):
        if folder.suffix == PARTIAL:
            continue
        damage = damaged_file(folder)
        if damage is None:
            return folder
        log.warning("checkpoint %s is damaged (%s); using an earlier one", folder, damage)
    return None


def damaged_file(folder: Path) -> str | None:
    """Name of the first file that is absent or differs from its checksum; None when the checkpoint is intact."""
    try:
        checksums = json.loads((folder / MANIFEST_FILE).read_text())["checksums"]
    except (OSError, ValueError, KeyError):
        return MANIFEST_FILE
    for name, expected in checksums.items():
        path = folder / name
        if not path.is_file() or file_checksum(path) != expected:
            return str(name)
    return None


def prune(root: Path, keep: int) -> None:
    """Deletes all but the newest `keep` training states, and best weights that none of those refers to."""
    states = sorted(folder for folder in root.glob("step-*") if folder.suffix != PARTIAL)
    for folder in states[:-keep]:
        shutil.rmtree(folder)
    kept = [json.loads((folder / MANIFEST_FILE).read_text()) for folder in states[-keep:]]
    wanted = {manifest["best_step"] for manifest in kept}
    newest = max((manifest["step"] for manifest in kept), default=0)
    for folder in root.glob("best-*"):
        step = int(folder.name.removeprefix("best-").removesuffix(PARTIAL))
        if step not in wanted and step < newest:
            shutil.rmtree(folder)


def file_checksum(path: Path) -> str:
    """SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], manifest: dict[str, Any]) -> Path:
    partial = folder.with_name(folder.name + PARTIAL)
    for leftover in (partial, folder):
        if leftover.exists():
            shutil.rmtree(leftover)
    partial.mkdir(parents=True)
    checksums = {}
    for name, state in tensors.items():
        save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, partial / name)
        checksums[name] = file_checksum(partial / name)
    (partial / MANIFEST_FILE).write_text(json.dumps({**manifest, "checksums": checksums}, indent=1, sort_keys=True))
    return partial.rename(folder)


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
