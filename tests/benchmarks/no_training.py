"""Trials that train nothing: what a sweep does around training, and what Ray does for whoever uses it bare.

Only the generator `model.training.fit.fit` is replaced, and only in the processes that would train; it yields one step,
one validation and a test at once. Everything else is the product's own: trial scheduler, lease, heartbeat, trial
directory, driver channel. The bare trials make the same reports to Tune or Train, and import the same training
code, for without that no trial of any stack would be one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ray import tune

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.trial import Trial
from model.config import TrialConfig
from orchestrator.sweep import trainables
from orchestrator.sweep.placement import WorkerResources
from orchestrator.sweep.trainables import SingleWorkerTrial, train_in_group
from orchestrator.trial.run_context import RunContext

REPORT = {"step": 1.0, "m_j": 0.5}


def trials(count: int, first_seed: int, workers: int) -> list[Trial]:
    """So many different trials."""
    (trial, *_) = expand(load_experiment("combo/table7", "demo"))
    seeds = range(first_seed, first_seed + count)
    return [
        replace(trial, seed=seed, workers=workers, config=trial.config.model_copy(update={"seed": seed}))
        for seed in seeds
    ]


class EmptyTrial(SingleWorkerTrial):
    """The product's trial, but for its training."""

    def setup(self, config: dict[str, Any]) -> None:
        replace_training()
        super().setup(config)


def empty_single_worker_trial(context: RunContext, channel_actor: Any) -> type[EmptyTrial]:
    """In place of `orchestrator.sweep.trainables.single_worker_trial`."""
    return type(EmptyTrial.__name__, (EmptyTrial,), {"context": context, "channel_actor": channel_actor})


def empty_group_coordinator(
    context: RunContext, channel_actor: Any, worker: WorkerResources, start_seconds: int
) -> Callable[[dict[str, Any]], None]:
    """In place of `orchestrator.sweep.trainables.group_coordinator`."""

    def coordinate_empty_group(config: dict[str, Any]) -> None:
        trainables.train_in_group = train_nothing_in_group
        trainables.group_coordinator(context, channel_actor, worker, start_seconds)(config)

    return coordinate_empty_group


def train_nothing_in_group(config: dict[str, Any]) -> None:
    """One Ray Train worker of the product, but for its training."""
    replace_training()
    train_in_group(config)


class BareTrial(tune.Trainable):
    """A one-worker trial as one would write it for Tune alone, reused like the product's."""

    def setup(self, config: dict[str, Any]) -> None:
        import model.training.fit  # noqa: F401

        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:  # noqa: ARG002
        self._reports = iter([REPORT])
        return True

    def step(self) -> dict[str, Any]:
        report = next(self._reports, None)
        return {"done": True, "ended": time.time()} if report is None else {**report, "done": False}


def coordinate_bare_group(config: dict[str, Any]) -> None:  # noqa: ARG001
    """A trial of two workers as one would write it for Tune and Train alone."""
    from ray import train
    from ray.train.torch import TorchConfig, TorchTrainer
    from ray.tune.integration.ray_train import TuneReportCallback

    TorchTrainer(
        report_bare,
        torch_config=TorchConfig(backend="gloo"),
        scaling_config=train.ScalingConfig(num_workers=2, resources_per_worker={"CPU": 1.0}),
        run_config=train.RunConfig(storage_path=tune.get_context().get_trial_dir(), callbacks=[TuneReportCallback()]),
    ).fit()
    tune.report({"ended": time.time()})


def report_bare() -> None:
    """One Ray Train worker of a bare trial."""
    from ray import train

    import model.training.fit  # noqa: F401

    train.report(REPORT)


def replace_training() -> None:
    """Makes `run_trial` train nothing in this process."""
    from orchestrator.trial import run_trial

    run_trial.fit = _no_training


def _no_training(config: TrialConfig, execution: Any, workers: Any) -> Iterator[Any]:  # noqa: ARG001
    from model.metrics.protocol import ClipScore, Score
    from model.training.checkpoint import best_folder
    from model.training.events import Evaluated, Stepped, Tested
    from model.weights.folder import WEIGHTS_FILE

    score, best = Score(0.5, 0.5, 1), best_folder(execution.checkpoints, 1)
    yield Stepped(1, {"mask": 1.0}, lr=1.0, gradient_norm=1.0, seconds=0.0)
    yield Evaluated(1, score, [])
    if workers.is_first:
        best.mkdir(parents=True)
        (best / WEIGHTS_FILE).touch()
        (best / "manifest.json").touch()
    clips = [ClipScore("clip", "category", m_j=0.5, m_f=0.5, frames=1, empty_frames=0)]
    yield Tested(1, best, score, score, clips, {}, [], parameters=1, trainable_parameters=1, seconds_per_clip=1.0)
