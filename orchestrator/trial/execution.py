"""How the training loop runs a trial here: what a run says, the folders of a storage, files of weights."""

from __future__ import annotations

from collections.abc import Callable

from experiments.trial import Trial
from model.config import TrialConfig
from model.data.clip_cache import ClipCache
from model.training.fit import Execution
from model.weights.folder import file_checksum
from orchestrator.storage.scratch import cache_folder
from orchestrator.store.store import Store
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.weight_files import WeightFiles


def execution_of(trial: Trial, context: RunContext, store: Store, should_stop: Callable[[], bool]) -> Execution:
    """The execution of a trial whose checkpoints lie in a storage.

    Args:
        trial: what to train.
        context: of the run.
        store: holds the trial's checkpoints, and the tested weights of the trial that it starts from.
        should_stop: see `model.training.stopping`.
    """
    initial, config = trial.config.initial_trial, context.config
    return Execution(
        data_root=context.data,
        checkpoints=store.trial(trial.key).checkpoints,
        checkpoint_every=config.checkpoint_every,
        keep_every=config.keep_every,
        loader_workers=config.loader_workers,
        device_augmentation=config.device_augmentation,
        micro_batch=config.micro_batch,
        evaluation_batch=config.evaluation_batch,
        compile=config.compilation,
        channels_last=config.channels_last,
        device=context.device,
        vggish_weights=context.weight_files.vggish_of(trial.config),
        backbone_weights=context.weight_files.backbone_of(trial.config),
        sound_cache=store.sound_cache,
        clip_cache=_clip_cache(config.clip_cache),
        initial_weights=store.trial(initial).tested_checkpoint if initial else None,
        should_stop=should_stop,
    )


def weight_checksums(files: WeightFiles, config: TrialConfig) -> dict[str, str]:
    """SHA-256 of the files that a trial starts from, as `Provenance.weight_files` has them."""
    named = {"vggish": files.vggish_of(config), "backbone": files.backbone_of(config)}
    return {name: file_checksum(path) for name, path in named.items() if path is not None}


def _clip_cache(gib: float) -> ClipCache | None:
    """Where decoded clips are kept on this machine; None where none are to be."""
    return ClipCache(cache_folder() / "clips", int(gib * 2**30)) if gib else None
