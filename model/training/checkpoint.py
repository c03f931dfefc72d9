"""Checkpoints of a trial: where training continues, and the best weights so far.

checkpoints/step-00000200/   weights and optimiser: training continues from here
checkpoints/best-00000150/   weights with the best validation score so far
checkpoints/frozen-1f0c3b5d7e9a2c4d/   what no training changes, for all training states; see `FrozenPart`
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, NonNegativeInt, ValidationError
from safetensors.torch import load_file
from torch import Tensor, nn

from model.atomic_writes import delete_folder, drafts
from model.config import TrialConfig
from model.manifest import MANIFEST_FILE, WEIGHTS_FILE, is_frozen_name, read_manifest
from model.metrics.protocol import Score
from model.numbered_names import BEST_WEIGHTS, TRAINING_STATE, NumberedName
from model.training.optim import device_of_count
from model.transfers import LaterRead
from model.weights.folder import damaged_file, write_folder
from model.weights.frozen_part import FrozenPart
from model.weights.stored_model import describe, fill

log = logging.getLogger(__name__)

OPTIMIZER_FILE = "optimizer.safetensors"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Progress:
    """What a run knows besides tensors: steps done and the best validation so far."""

    def __init__(
        self, step: int = 0, best_step: int = 0, best: Score | None = None, *, awaits_validation: bool = False
    ) -> None:
        self.step, self.best_step, self.best = step, best_step, best
        self.awaits_validation = awaits_validation
        """Whether the weights of this step are still to be validated."""

    def improve(self, score: Score) -> bool:
        """Takes over this step's validation score if it is strictly better; says whether it was."""
        self.awaits_validation = False
        if self.best is not None and score.m_j <= self.best.m_j:
            return False
        self.best_step, self.best = self.step, score
        return True


class _TrainingState(BaseModel):
    """The manifest entries that make a folder a training state."""

    step: NonNegativeInt
    best_step: NonNegativeInt
    best: tuple[float, float, int] | None
    awaits_validation: bool = False
    """Absent from states of versions that never stopped before a validation."""
    scaler: dict[str, Any]
    checksums: dict[str, str]
    frozen: str | None = None
    """The folder beside it of what no training changes; None where it holds everything itself, as earlier ones do."""


class Snapshot:
    """A checkpoint to be: what the tensors are now, whatever training makes of them until it is written.

    On a GPU their copies are made behind what it does, and nothing waits for them until they are written.

    Args:
        folder: where it will be.
        tensors: by file name.
        manifest: what else the folder shall know.
        frozen: what is stored beside the folder and not in it; None where the folder holds everything.
    """

    def __init__(
        self,
        folder: Path,
        tensors: Mapping[str, Mapping[str, Tensor]],
        manifest: Mapping[str, Any],
        frozen: FrozenPart | None = None,
    ) -> None:
        self.folder, self._manifest, self._frozen = folder, manifest, frozen
        self._copies = {
            file: {name: LaterRead(tensor) for name, tensor in named.items()} for file, named in tensors.items()
        }

    def write(self) -> Path:
        """Writes the folder, which appears whole or not at all; returns it."""
        tensors = {
            file: {name: copy.numbers() for name, copy in copies.items()} for file, copies in self._copies.items()
        }
        frozen = None if self._frozen is None else self._frozen.stored(self.folder.parent)
        manifest = self._manifest if frozen is None else {**self._manifest, "frozen": frozen.name}
        return write_folder(self.folder, tensors, manifest, replace=True)


def training_state(
    root: Path,
    config: TrialConfig,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: Mapping[str, Any],
    progress: Progress,
    frozen: FrozenPart,
) -> Snapshot:
    """To become `step-<n>`: all that is needed to continue bit by bit, with what is frozen beside it."""
    best = progress.best
    manifest = {
        **describe(config, progress.step),
        "best_step": progress.best_step,
        "best": None if best is None else [best.j_sum, best.f_sum, best.count],
        "awaits_validation": progress.awaits_validation,
        "scaler": dict(scaler),
    }
    weights = {name: tensor for name, tensor in model.state_dict().items() if name not in frozen.tensors}
    tensors = {WEIGHTS_FILE: weights, OPTIMIZER_FILE: _optimizer_tensors(optimizer)}
    return Snapshot(root / TRAINING_STATE.of(progress.step), tensors, manifest, frozen)


def best_weights(root: Path, config: TrialConfig, model: nn.Module, step: int) -> Snapshot:
    """To become `best-<n>`: weights only, and all of them, as others use them by themselves."""
    return Snapshot(best_folder(root, step), {WEIGHTS_FILE: model.state_dict()}, describe(config, step))


def load_training_state(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Any]]:
    """Fills model and optimiser from what `latest_training_state` found, on the devices they are on.

    Returns:
        The progress and the gradient scaler's state.
    """
    state = _read_state(folder)
    assert state is not None  # latest_training_state has read it
    fill(folder, model)
    stored = load_file(folder / OPTIMIZER_FILE)
    for name, parameter in named_parameters(optimizer):
        if f"step/{name}" in stored:
            moments = {moment: stored[f"{moment}/{name}"] for moment in MOMENTS}
            optimizer.state[parameter] = {
                moment: value.to(device_of_count(optimizer, parameter) if moment == "step" else parameter.device)
                for moment, value in moments.items()
            }
    best = None if state.best is None else Score(*state.best)
    progress = Progress(state.step, state.best_step, best, awaits_validation=state.awaits_validation)
    return progress, state.scaler


def latest_training_state(root: Path) -> Path | None:
    """The newest `step-<n>` folder that is intact, and so are the best weights that it refers to.

    Damaged ones are named in the log and passed over; training then makes them anew.
    """
    for step in reversed(_steps(root, TRAINING_STATE)):
        folder = root / TRAINING_STATE.of(step)
        damage = damaged_file(folder) or _foreign_manifest(folder) or _damaged_best(root, folder)
        if damage is None:
            return folder
        log.warning("checkpoint %s is damaged (%s); using an earlier one", folder, damage)
    return None


def prune(root: Path, keep: int, newest: int, keep_every: int | None = None) -> None:
    """Deletes training states that nothing needs, and best weights that none of those left refers to.

    What killed attempts have left half-written goes too, whichever machine they ran on. What lies beyond `newest` was
    damaged when training continued and is about to be written anew.

    Args:
        root: the trial's checkpoints.
        keep: how many of the newest states stay.
        newest: the last step with a state.
        keep_every: states of multiples of this many steps stay too.
    """
    states = [step for step in _steps(root, TRAINING_STATE) if step <= newest]
    kept = {step for step in states if keep_every and step % keep_every == 0}.union(states[-keep:])
    for draft in drafts(root):
        shutil.rmtree(draft)
    for step in states:
        if step not in kept:
            delete_folder(root / TRAINING_STATE.of(step))
    left = [state for step in kept if (state := _read_state(root / TRAINING_STATE.of(step)))]
    wanted = {state.best_step for state in left}
    referred = {state.frozen for state in left}
    for path in list(root.iterdir()):
        if is_frozen_name(path.name) and path.name not in referred:
            delete_folder(path)
    for step in _steps(root, BEST_WEIGHTS):
        if step not in wanted and step < newest:
            delete_folder(best_folder(root, step))


def best_folder(root: Path, step: int) -> Path:
    """Where the weights of the best validation at a step lie."""
    return root / BEST_WEIGHTS.of(step)


def _read_state(folder: Path) -> _TrainingState | None:
    """What a folder says of itself; None when it is no training state."""
    try:
        state = _TrainingState.model_validate(read_manifest(folder))
    except ValidationError:
        return None
    return state if {WEIGHTS_FILE, OPTIMIZER_FILE} <= state.checksums.keys() else None


def _foreign_manifest(folder: Path) -> str | None:
    """The manifest's name if it is that of something else, such as of another step."""
    state = _read_state(folder)
    return MANIFEST_FILE if state is None or TRAINING_STATE.of(state.step) != folder.name else None


def _damaged_best(root: Path, folder: Path) -> str | None:
    """Which file of the best weights that an intact training state refers to is damaged, if any."""
    state = _read_state(folder)
    if state is None or not state.best_step:
        return None
    best = best_folder(root, state.best_step)
    damage = damaged_file(best) or _foreign_step(best, state.best_step)
    return None if damage is None else f"{best.name}/{damage}"


def _foreign_step(folder: Path, step: int) -> str | None:
    """The manifest's name if it speaks of another step."""
    manifest = read_manifest(folder)
    return MANIFEST_FILE if manifest is None or manifest.get("step") != step else None


def _steps(root: Path, kind: NumberedName) -> list[int]:
    """Steps of the folders of a kind, ascending; folders without a number are left alone.

    Raises:
        PermissionError: this user may not look, which is not the same as that there are none.
    """
    return kind.numbers((path.name for path in root.iterdir()), root) if root.is_dir() else []


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{moment}/{name}": optimizer.state[parameter][moment]
        for name, parameter in named_parameters(optimizer)
        if parameter in optimizer.state
        for moment in MOMENTS
    }


def named_parameters(optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    """What an optimiser of `build_optimizer` trains, by the names of the network."""
    for group in optimizer.param_groups:
        yield from zip(group["names"], group["params"], strict=True)
