"""The training loop: one trial as a generator of events. It knows no cluster and no tracker.

The same generator runs in a plain loop, a notebook, a unit test, a Tune actor and a Train worker. All randomness is
a function of seed and step, so a trial that continues from a checkpoint equals one that never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from model.config import CompileMode, TrialConfig
from model.data.avsbench import AVSBench
from model.data.clip_cache import ClipCache
from model.data.loading import training_batches
from model.metrics.protocol import protocol_for
from model.numerics import numerics_of
from model.training.acceleration import order_channels_last, require_compiler
from model.training.audio_embeddings import audio_embedder
from model.training.background import Background
from model.training.checkpoint import Snapshot, best_folder, best_weights, prune, training_state
from model.training.evaluate import Evaluation, evaluate, share_quarantine
from model.training.events import Checkpointed, Evaluated, Event, Quarantined, Stopped, Tested
from model.training.gradients import BatchGradients
from model.training.loader_processes import loader_processes
from model.training.optim import build_optimizer
from model.training.pictures import extreme_clips
from model.training.predictions import ClipPrediction, predict_clips, shown_places
from model.training.previews import previewed_places
from model.training.start import continue_training, fresh_network, share_weights
from model.training.stepper import StartedStep, Stepper
from model.training.stopping import ShouldStop, StopRequested, never
from model.training.workers import Workers, nothing
from model.weights.frozen_part import FrozenPart

CACHE_BYTES = 256 * 1024**2
"""A split that needs no more memory than this is decoded once and kept."""
SPLITS = ("train", "val", "test")


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
    loader_workers: int | None = None
    """Processes that load data, per worker; None: see `model.training.loader_processes`."""
    device_augmentation: bool = False
    """Whether frames and Maskiges are augmented on the device, to the same bits."""
    device: str = "cpu"
    vggish_weights: Path | None = None
    backbone_weights: Path | None = None
    """ImageNet weights of the backbones; None leaves them to timm."""
    sound_cache: Path | None = None
    """Folder where a frozen audio encoder's embeddings are kept for other trials; None keeps them in memory."""
    clip_cache: ClipCache | None = None
    """Where decoded clips of this machine are kept for all its trials; None decodes them whenever they are read."""
    initial_weights: Path | None = None
    """Best checkpoint of the trial that this one starts from."""
    keep_every: int | None = None
    """Training states of multiples of this many steps are kept besides the newest."""
    micro_batch: int | None = None
    """Clips per forward pass of a worker, for less memory; None takes its whole share of the batch at once."""
    evaluation_batch: int = 1
    """Clips that pass the network together when it is scored."""
    channels_last: bool = False
    """Whether pictures lie in memory pixel by pixel, which suits some GPUs better."""
    compile: CompileMode | None = None
    """How network and losses are compiled for training, which makes the first steps slow and the others faster. Scores
    are computed by the network as it is."""
    on_checkpoint: Callable[[], None] = nothing
    """Called when a training state has been written, by the thread that writes them while training goes on."""
    should_stop: ShouldStop = never
    """Ends training early, to be continued; see `model.training.stopping`."""


def fit(config: TrialConfig, execution: Execution, workers: Workers | None = None) -> Generator[Event, None, None]:
    """Trains, validates, checkpoints and finally tests one trial.

    Every worker of a group runs this generator in step with the others. The first one alone reads and writes
    checkpoints and weight files, which may therefore lie on its own machine.

    Args:
        config: the trial.
        execution: data, folders and device.
        workers: this worker's place in its group; alone by default.

    Yields:
        `Stepped` for each step, when its numbers are there, which is during the next one; `Evaluated` when due;
        `Checkpointed` when a training state has been written, which is some steps after it was due; `Quarantined` once
        for each clip that turns out to be unusable; at the end `Tested`, or `Stopped` when training was asked to end
        early.

    Raises:
        DataError: more clips of a split than tolerated cannot be used.
        CheckpointError: stored weights do not fit the configuration.
        BackboneError: the backbone cannot be built.
        ExecutionError: the trial cannot run in this way on this machine.
        FloatingPointError: the weighted sum of the losses is not finite, or a class score is not.
    """
    training = _Training(config, execution, workers or Workers())
    try:
        yield from training.train()
        yield from training.test()
    except StopRequested:
        yield from training.stop()
    finally:
        training.writer.close()


class _Training:
    """A trial under way."""

    def __init__(self, config: TrialConfig, execution: Execution, workers: Workers) -> None:
        self.config, self.execution, self.workers = config, execution, workers
        self.device, numerics = torch.device(execution.device), numerics_of(config)
        self.splits = workers.together(lambda: {split: _dataset(config, execution, split) for split in SPLITS})
        self.protocol = protocol_for(config.data.task)
        files = (execution.vggish_weights, execution.backbone_weights, execution.initial_weights)
        self.model = fresh_network(config, *files, workers).to(self.device)
        self.optimizer = build_optimizer(self.model, config.optim, fused=numerics.fused_optimizer)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=config.training.precision == "fp16")
        self.progress = continue_training(execution.checkpoints, self.model, self.optimizer, self.scaler, workers)
        self.is_saved = True
        """Whether a training state holds all that has been done."""
        self.started: StartedStep | None = None
        """The last step, while its numbers have not been read."""
        self.writer: Background[Checkpointed] = Background("checkpoints")
        """Writes checkpoints while training goes on."""
        if execution.channels_last or numerics.channels_last:
            order_channels_last(self.model, self.optimizer)
        self.embed_audio = audio_embedder(self.model, execution.sound_cache)
        self.frozen = FrozenPart(self.model)
        if execution.compile is not None:
            # Of earlier trials in this process: from its ninth network on, PyTorch would compile none.
            torch.compiler.reset()
            workers.together(lambda: require_compiler(self.device))
        gradients = BatchGradients(config, self.model, workers, self.device, execution.micro_batch, execution.compile)
        self.stepper = Stepper(config, gradients, self.optimizer, self.scaler, workers, execution.should_stop)

    def train(self) -> Iterator[Event]:
        """From where training is to the last step."""
        progress, clips = self.progress, self.splits["train"]
        yield from self._conclude_step()
        yield from self.writer.finished(wait=True)  # loader processes are forked now, from this thread alone
        processes = loader_processes(self.execution.loader_workers, self.config, self.device, self.workers)
        place = (self.workers.rank, self.workers.count, progress.step)
        batches = training_batches(
            clips,
            self.config,
            *place,
            processes,
            pin_memory=self.device.type == "cuda",
            augment_on=self.device if self.execution.device_augmentation else None,
        )
        try:
            for batch in batches:
                started = self.stepper.step(progress.step, self.embed_audio(batch).to(self.device))
                yield from self._tell()
                self.started = started
                yield from self.writer.finished()
                yield from _quarantined(clips)
                progress.step += 1
                progress.awaits_validation = self._is_due(self.config.training.evaluate_every)
                self.is_saved = False
                if self.stepper.is_stopping:
                    raise StopRequested
                yield from self._conclude_step()
        except Exception:  # also a wish to stop: the step before it is complete, and has yet to be told
            yield from self._tell()
            raise

    def test(self) -> Iterator[Event]:
        """Scores the best weights."""
        progress, clips, is_first = self.progress, self.splits["test"], self.workers.is_first
        assert progress.best is not None  # the last step always evaluates
        yield from self._written()
        tested = best_folder(self.execution.checkpoints, progress.best_step)
        share_weights(tested, self.model, self.workers)
        evaluation = self._evaluate("test")
        yield from _quarantined(clips)
        self.model.eval()
        pictures = extreme_clips(self.model, clips, evaluation.clips, self.embed_audio, self.device) if is_first else {}
        yield Tested(
            best_step=progress.best_step,
            folder=tested,
            validation=progress.best,
            score=evaluation.score,
            clips=evaluation.clips if is_first else [],
            pictures=pictures,
            predictions=self._predictions() if is_first else [],
            parameters=sum(parameter.numel() for parameter in self.model.parameters()),
            trainable_parameters=sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            seconds_per_clip=evaluation.seconds_per_clip,
        )

    def stop(self) -> Iterator[Event]:
        """Leaves everything so that the trial can be continued."""
        if not self.is_saved:
            yield from self._save()
        yield from self._written()
        yield from _quarantined(*self.splits.values())
        yield Stopped(self.progress.step)

    def _tell(self) -> Iterator[Event]:
        """The step whose numbers have not been read yet.

        They are read while the next step is under way, but before anything is scored or stored: what is not finite goes
        nowhere.
        """
        started, self.started = self.started, None
        if started is not None:
            yield started.finished()

    def _conclude_step(self) -> Iterator[Event]:
        """Whatever is due after a step and has not been done yet."""
        if self.progress.awaits_validation:
            yield from self._validate()
        if not self.is_saved and self._is_due(self.execution.checkpoint_every):
            yield from self._save()

    def _validate(self) -> Iterator[Event]:
        yield from self._tell()
        share_quarantine(self.splits["train"], self.workers)
        evaluation = self._evaluate("val", previewed_places(self.splits["val"]))
        self.is_saved = False
        if self.progress.improve(evaluation.score) and self.workers.is_first:
            yield from self.writer.finished(wait=True)
            best = best_weights(self.execution.checkpoints, self.config, self.model, self.progress.step)
            self.writer.start(lambda: _write(best))
        yield from _quarantined(self.splits["train"], self.splits["val"])
        previews = evaluation.previews if self.workers.is_first else []
        yield Evaluated(self.progress.step, evaluation.score, previews)

    def _save(self) -> Iterator[Event]:
        yield from self._tell()
        if self.workers.is_first:
            yield from self.writer.finished(wait=True)
            root, step, scaler = self.execution.checkpoints, self.progress.step, self.scaler.state_dict()
            place = (self.optimizer, scaler, self.progress, self.frozen)
            state = training_state(root, self.config, self.model, *place)
            self.writer.start(lambda: self._keep(state, step))
        self.is_saved = True

    def _keep(self, state: Snapshot, step: int) -> Checkpointed:
        """In the thread that writes: a training state, and what is left of earlier ones."""
        folder = state.write()
        prune(state.folder.parent, self.execution.keep_checkpoints, step, self.execution.keep_every)
        self.execution.on_checkpoint()
        return Checkpointed(step, folder)

    def _written(self) -> Iterator[Event]:
        """Returns on every worker when the first one has written all checkpoints."""
        yield from self.writer.finished(wait=True)
        self.workers.wait()

    def _evaluate(self, split: str, previewed: Sequence[int] = ()) -> Evaluation:
        return evaluate(
            self.model,
            self.splits[split],
            self.protocol,
            self.embed_audio,
            self.workers,
            self.device,
            should_stop=self.execution.should_stop,
            clips_at_once=self.execution.evaluation_batch,
            previewed=previewed,
        )

    def _predictions(self) -> list[ClipPrediction]:
        clips = self.splits["test"]
        predicted = predict_clips(self.model, clips, shown_places(clips), self.protocol, self.embed_audio, self.device)
        return list(predicted)

    def _is_due(self, every: int) -> bool:
        """Whether this step is a multiple of `every`, or the last one."""
        step = self.progress.step
        return step % every == 0 or step == self.config.training.iterations


def _write(best: Snapshot) -> None:
    best.write()


def _quarantined(*splits: AVSBench) -> Iterator[Quarantined]:
    """What this worker has learnt of unusable clips since the last call."""
    for split in splits:
        for place, reason in split.quarantine.news():
            yield Quarantined(split.split, split.entries[place].name, reason)


def _dataset(config: TrialConfig, execution: Execution, split: str) -> AVSBench:
    return AVSBench.configured(config, execution.data_root, split, CACHE_BYTES, execution.clip_cache)
