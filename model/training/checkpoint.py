"""Checkpoints of a trial: where training continues, and the best weights so far.

checkpoints/step-00000200/   weights and optimiser: training continues from here
checkpoints/best-00000150/   weights with the best validation score so far
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from model.config import TrialConfig
from model.metrics.protocol import Score
from model.weights.folder import MANIFEST_FILE, WEIGHTS_FILE, damaged_file, read_manifest, write_folder
from model.weights.stored_model import describe, fill, save_model
from model.whole import drafts

log = logging.getLogger(__name__)

STATES = "step-*[0-9]"
OPTIMIZER_FILE = "optimizer.safetensors"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


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
    root: Path,
    config: TrialConfig,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: Mapping[str, Any],
    progress: Progress,
) -> Path:
    """Writes `step-<n>`: all that is needed to continue bit by bit."""
    best = progress.best
    manifest = {
        **describe(config, progress.step),
        "best_step": progress.best_step,
        "best": None if best is None else [best.j_sum, best.f_sum, best.count],
        "scaler": dict(scaler),
    }
    tensors = {WEIGHTS_FILE: model.state_dict(), OPTIMIZER_FILE: _optimizer_tensors(optimizer)}
    return write_folder(root / f"step-{progress.step:08d}", tensors, manifest, replace=True)


def save_best(root: Path, config: TrialConfig, model: nn.Module, step: int) -> Path:
    """Writes `best-<n>`: weights only."""
    return save_model(best_folder(root, step), model.state_dict(), config, step)


def load_training_state(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Any]]:
    """Fills model and optimiser, on the devices they are on; returns the progress and the gradient scaler's state."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    fill(folder, model)
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


def latest_training_state(root: Path) -> Path | None:
    """The newest `step-<n>` folder that is intact, and so are the best weights that it refers to.

    Damaged ones are named in the log and passed over; training then makes them anew.
    """
    for folder in sorted(root.glob(STATES), reverse=True):
        damage = damaged_file(folder) or _damaged_best(root, folder)
        if damage is None:
            return folder
        log.warning("checkpoint %s is damaged (%s); using an earlier one", folder, damage)
    return None


def prune(root: Path, keep: int, newest: int) -> None:
    """Deletes all but `keep` training states up to step `newest`, and best weights that none of those refers to.

    What killed attempts have left half-written goes too, whichever machine they ran on. What lies beyond `newest` was
    damaged when training continued and is about to be written anew.
    """
    states = sorted(folder for folder in root.glob(STATES) if _step(folder) <= newest)
    for folder in (*states[:-keep], *drafts(root)):
        shutil.rmtree(folder)
    wanted = {manifest["best_step"] for folder in states[-keep:] if (manifest := read_manifest(folder))}
    for folder in root.glob("best-*"):
        if _step(folder) not in wanted and _step(folder) < newest:
            shutil.rmtree(folder)


def best_folder(root: Path, step: int) -> Path:
    """Where the weights of the best validation at a step lie."""
    return root / f"best-{step:08d}"


def _damaged_best(root: Path, state: Path) -> str | None:
    """Which file of the best weights that an intact training state refers to is damaged, if any."""
    step = json.loads((state / MANIFEST_FILE).read_text())["best_step"]
    folder = best_folder(root, step)
    damage = damaged_file(folder) if step else None
    return None if damage is None else f"{folder.name}/{damage}"


def _step(folder: Path) -> int:
    return int(folder.name.partition("-")[2])


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
