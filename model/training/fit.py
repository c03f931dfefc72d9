"""The training loop: one trial as a generator of events. It knows no cluster and no tracker.

The same generator runs in a plain loop, a notebook, a unit test, a Tune actor and a Train worker. All randomness is
a function of seed and step, so a trial that continues from a checkpoint equals one that never stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from model.combo.network import Combo
from model.config import TrialConfig
from model.data.avsbench import AVSBench
from model.data.batch import Batch
from model.data.loading import training_batches
from model.losses.points import KeyedPoints
from model.losses.set_criterion import SetCriterion, Supervision
from model.losses.targets import frame_targets
from model.metrics.protocol import protocol_for
from model.training.checkpoint import (
    Progress,
    best_folder,
    latest_training_state,
    load_training_state,
    prune,
    save_best,
    save_training_state,
)
from model.training.evaluate import evaluate, share_quarantine
from model.training.events import Checkpointed, Evaluated, Event, Quarantined, Stepped, Tested
from model.training.initial_weights import load_initial_weights
from model.training.listening import listener
from model.training.optim import build_optimizer, set_learning_rates
from model.training.pictures import extreme_clips
from model.training.workers import Workers, seed_step
from model.weights.stored_model import load_weights, without_pretraining

CACHE_BYTES = 256 * 1024**2
"""A split that needs no more memory than this is decoded once and kept."""
PLACES_PER_CLIP = 1000
"""More than any clip has frames; spaces the places of one clip from those of the next."""
AUTOCAST = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Execution:
    """How a trial runs on this machine; nothing here changes what is computed."""

    data_root: Path
    checkpoints: Path
    """Folder of the trial's checkpoints; training continues from the newest intact one."""
    checkpoint_every: int
    """Steps between training states."""
    keep_checkpoints: int = 2
    """Training states kept: the newest, and one more should it turn out to be damaged."""
    loader_workers: int = 0
    device: str = "cpu"
    vggish_weights: Path | None = None
    backbone_weights: Path | None = None
    """ImageNet weights of the backbones; None leaves them to timm."""
    sound_cache: Path | None = None
    """Folder where a frozen audio encoder's embeddings are kept for other trials; None keeps them in memory."""
    initial_weights: Path | None = None
    """Best checkpoint of the trial that this one starts from."""


def fit(config: TrialConfig, execution: Execution, workers: Workers | None = None) -> Iterator[Event]:
    """Trains, validates, checkpoints and finally tests one trial.

    Every worker of a group runs this generator in step with the others; the first one writes.

    Args:
        config: the trial.
        execution: data, folders and device.
        workers: this worker's place in its group; alone by default.

    Yields:
        `Stepped` after each step, `Evaluated` and `Checkpointed` when due, `Quarantined` once for each clip that
        turns out to be unusable, `Tested` at the end.

    Raises:
        DataError: more clips of a split than tolerated cannot be used.
        CheckpointError: stored weights do not fit the configuration.
        BackboneError: the backbone cannot be built.
        FloatingPointError: a loss is not finite.
    """
    workers = workers or Workers()
    device = torch.device(execution.device)
    training, root = config.training, execution.checkpoints
    train, validation, test = (_dataset(config, execution, split) for split in ("train", "val", "test"))
    protocol = protocol_for(config.data.task)

    torch.manual_seed(config.seed)
    model = Combo(config if execution.backbone_weights is None else without_pretraining(config))
    load_initial_weights(model, config, execution.vggish_weights, execution.backbone_weights, execution.initial_weights)
    model.to(device)
    optimizer = build_optimizer(model, config.optim)
    scaler = torch.amp.GradScaler(device.type, enabled=training.precision == "fp16")
    progress = Progress()
    if (state := latest_training_state(root)) is not None:
        progress, scaler_state = load_training_state(state, model, optimizer)
        scaler.load_state_dict(scaler_state)
    listen = listener(model, execution.sound_cache)
    stepper = _Stepper(config, model, optimizer, scaler, workers, device)

    for batch in training_batches(train, config, workers.rank, workers.count, progress.step, execution.loader_workers):
        yield stepper.step(progress.step, listen(batch).to(device))
        yield from _quarantined(train)
        progress.step += 1
        last = progress.step == training.iterations
        if progress.step % training.evaluate_every == 0 or last:
            share_quarantine(train, workers)
            score = evaluate(model, validation, protocol, listen, workers, device).score
            if progress.improve(score) and workers.is_first:
                save_best(root, config, model, progress.step)
            yield from _quarantined(train, validation)
            yield Evaluated(progress.step, score)
        if progress.step % execution.checkpoint_every == 0 or last:
            if workers.is_first:
                folder = save_training_state(root, config, model, optimizer, scaler.state_dict(), progress)
                prune(root, execution.keep_checkpoints, progress.step)
                yield Checkpointed(progress.step, folder)
            workers.wait()

    assert progress.best is not None  # the last step always evaluates
    tested = best_folder(root, progress.best_step)
    load_weights(tested, model)
    evaluation = evaluate(model, test, protocol, listen, workers, device)
    yield from _quarantined(test)
    model.eval()
    yield Tested(
        best_step=progress.best_step,
        folder=tested,
        validation=progress.best,
        score=evaluation.score,
        clips=evaluation.clips if workers.is_first else [],
        pictures=extreme_clips(model, test, evaluation.clips, listen, device) if workers.is_first else {},
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        trainable_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
    )


class _Stepper:
    """One optimiser step: forward, losses, backward, clip, update."""

    def __init__(
        self,
        config: TrialConfig,
        model: Combo,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        workers: Workers,
        device: torch.device,
    ) -> None:
        self.config, self.optimizer, self.scaler, self.workers, self.device = config, optimizer, scaler, workers, device
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.model: nn.Module = model
        if workers.count > 1:
            self.model = DistributedDataParallel(
                model,
                device_ids=[device] if device.type == "cuda" else None,
                find_unused_parameters=not model.uses_every_parameter,
            )
        self.criterion = SetCriterion(config.loss, config.truths, config.classes)

    def step(self, index: int, batch: Batch) -> Stepped:
        """Step number `index`, counted from 0, on this worker's share of the batch."""
        started = time.perf_counter()
        config, optim = self.config, self.config.optim
        self.model.train()
        seed_step(config.seed, index, self.workers.rank)
        factor = set_learning_rates(self.optimizer, index, config.training.iterations, optim.poly_power)

        precision = AUTOCAST[config.training.precision]
        with torch.autocast(self.device.type, dtype=precision, enabled=precision is not None):
            predictions = self.model(batch.frames, batch.maskiges, batch.sound, self.workers.gather_rows)
        losses = self.criterion(predictions, _supervision(batch), self._points(index, batch), self.workers.average)
        total = self.criterion.weighted_sum(losses)
        logged = self._averaged({**losses, "total": total})
        if not all(map(math.isfinite, logged.values())):
            raise FloatingPointError(f"loss is not finite at step {index + 1}: {logged}")

        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(total).backward()
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.parameters, optim.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return Stepped(index + 1, logged, optim.lr * factor, float(norm), time.perf_counter() - started)

    def _points(self, index: int, batch: Batch) -> KeyedPoints:
        """Point source keyed by the place of each annotated frame: clip in the global batch, frame in the clip."""
        places = [
            int(position) * PLACES_PER_CLIP + frame
            for position, length in zip(batch.positions, batch.clip_lengths, strict=True)
            for frame in range(int(length))
        ]
        supervised = [place for place, shown in zip(places, batch.annotated.tolist(), strict=True) if shown]
        return KeyedPoints(self.config.seed, index, supervised, self.device)

    def _averaged(self, losses: dict[str, Tensor]) -> dict[str, float]:
        values = self.workers.average(torch.stack([loss.detach().double() for loss in losses.values()]))
        return dict(zip(losses, values.tolist(), strict=True))


def _supervision(batch: Batch) -> Supervision:
    return Supervision(batch.annotated, frame_targets(batch.labels), batch.clip_lengths.tolist())


def _quarantined(*splits: AVSBench) -> Iterator[Quarantined]:
    """What this worker has learnt of unusable clips since the last call."""
    for split in splits:
        for place, reason in split.quarantine.news():
            yield Quarantined(split.split, split.entries[place].name, reason)


def _dataset(config: TrialConfig, execution: Execution, split: str) -> AVSBench:
    data = config.data
    return AVSBench(execution.data_root, data.task, split, data.size, CACHE_BYTES, data.maskige)
