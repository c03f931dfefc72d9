"""Runs the trials of a plan on Ray Tune.

Trials of one shape run together: those with one worker train inside reused Tune actors, which costs 0.1 s a trial;
those with several run a Ray Train group each, started from a Tune trial. One wave after the other, because trials of
different shapes would starve or deadlock each other's placement groups. Trials that start from another one's weights
come after it; those whose source has failed are left for the next run.

torch is imported where trials run, not in the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from ray import tune

from experiments.errors import InputError, Problem
from experiments.expand import Trial
from orchestrator.cluster import Cluster
from orchestrator.machine import Machine, WorkerShape
from orchestrator.outcomes import Outcomes
from orchestrator.store import Store
from orchestrator.telemetry import Receiver, Sender
from orchestrator.updates import Listener

COORDINATOR = {"memory": 1.0}
"""Resources of the Tune trial that starts a worker group and waits for it: Tune wants some, and a CPU would be idle."""


def run_sweep(
    name: str,
    trials: Sequence[Trial],
    machine: Machine,
    folder: Path,
    cluster: Cluster,
    shape: WorkerShape,
    listeners: Sequence[Listener],
) -> bool:
    """Runs all trials; returns False when it was interrupted. Failed trials are in storage, not in an exception.

    Args:
        name: of the sweep.
        trials: without a result yet.
        machine: where and how each runs.
        folder: for what Ray keeps.
        cluster: what there is.
        shape: of one worker.
        listeners: follow the updates.

    Raises:
        InputError: a trial can never be placed on this cluster.
    """
    _refuse_unplaceable(trials, cluster, shape)
    store = Store(machine.storage)
    with Receiver(listeners) as receiver:
        for (follows, workers), grouped in groupby(sorted(trials, key=_wave), key=_wave):
            wave = [trial for trial in grouped if _may_start(trial, store)]
            place = f"{name}-{'following-' if follows else ''}{workers}"
            ended = _run_wave(place, wave, machine, folder, cluster, shape, receiver.mailbox) if wave else set()
            # Tune answers Ctrl-C by ending its run without a word; a trial without an end is how it shows.
            if ended != {trial.key for trial in wave}:
                return False
    return True


class SingleWorkerTrial(tune.Trainable):
    """A Tune actor that trains one-worker trials one after the other without starting anew."""

    def setup(self, config: dict[str, Any], trials: dict[str, Trial], machine: Machine, mailbox: Any) -> None:
        """Called once per actor."""
        self._trials, self._machine, self._mailbox = trials, machine, mailbox
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Turns to another trial."""
        from model.training.workers import Workers
        from orchestrator.trial import run_trial

        trial = self._trials[new_config["key"]]
        self._reports = run_trial(trial, self._machine, Workers(), Sender(self._mailbox))
        return True

    def step(self) -> dict[str, Any]:
        """Trains to the next validation, or to the end."""
        report = next(self._reports, None)
        return {"done": True} if report is None else {**report, "done": False}

    def cleanup(self) -> None:
        """Called when the actor ends."""
        self._reports.close()


def coordinate_group(
    config: dict[str, Any], trials: dict[str, Trial], machine: Machine, mailbox: Any, folder: str, shape: WorkerShape
) -> None:
    """A Tune trial that runs a Ray Train group of workers."""
    from ray import train
    from ray.train.torch import TorchConfig, TorchTrainer

    trial = trials[config["key"]]
    TorchTrainer(
        train_in_group,
        train_loop_config={"trial": trial, "machine": machine, "mailbox": mailbox},
        torch_config=TorchConfig(backend="nccl" if shape.gpus else "gloo"),
        scaling_config=train.ScalingConfig(
            num_workers=trial.workers, use_gpu=shape.gpus > 0, resources_per_worker=shape.resources
        ),
        run_config=train.RunConfig(name=trial.key, storage_path=folder),
    ).fit()
    tune.report({"done": True})


def train_in_group(config: dict[str, Any]) -> None:
    """One Ray Train worker."""
    from ray import train

    from model.training.workers import Workers
    from orchestrator.trial import run_trial

    context = train.get_context()
    workers = Workers(context.get_world_rank(), context.get_world_size())
    for _ in run_trial(config["trial"], config["machine"], workers, Sender(config["mailbox"])):
        pass


def _run_wave(
    name: str,
    trials: list[Trial],
    machine: Machine,
    folder: Path,
    cluster: Cluster,
    shape: WorkerShape,
    mailbox: Any,
) -> set[str]:
    """Runs trials of one shape; returns the keys of those that came to an end."""
    outcomes = Outcomes(Store(machine.storage), Sender(mailbox))
    shared = {"trials": {trial.key: trial for trial in trials}, "machine": machine, "mailbox": mailbox}
    workers = trials[0].workers
    trainable: Any
    if workers == 1:
        trainable = tune.with_parameters(SingleWorkerTrial, **shared)
        resources = shape.resources
    else:
        trainable = tune.with_parameters(coordinate_group, **shared, folder=str(folder / "train"), shape=shape)
        resources = COORDINATOR
    tune.Tuner(
        tune.with_resources(trainable, resources),
        param_space={"key": tune.grid_search([trial.key for trial in trials])},
        tune_config=tune.TuneConfig(
            reuse_actors=workers == 1, max_concurrent_trials=_slots(cluster, shape, workers, len(trials))
        ),
        run_config=tune.RunConfig(
            name=name,
            storage_path=str(folder / "tune"),
            verbose=0,
            callbacks=[outcomes],
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    ).fit()
    return outcomes.ended


def _wave(trial: Trial) -> tuple[bool, int]:
    """Whether the trial follows another one, and its workers."""
    return trial.source is not None, trial.workers


def _may_start(trial: Trial, store: Store) -> bool:
    return trial.source is None or store.trial(trial.source.key).result is not None


def _slots(cluster: Cluster, shape: WorkerShape, workers: int, trials: int) -> int:
    """Trials of one shape that fit on the cluster at once."""
    return min(trials, cluster.places(shape.cpus, shape.gpus) // workers)


def _refuse_unplaceable(trials: Sequence[Trial], cluster: Cluster, shape: WorkerShape) -> None:
    places = cluster.places(shape.cpus, shape.gpus)
    for trial in trials:
        if trial.workers > places:
            size = f"{shape.cpus:g} CPUs" + (f" and {shape.gpus:g} GPUs" if shape.gpus else "")
            what = f"needs {trial.workers} workers of {size}, the cluster has room for {places}"
            raise InputError(Problem(trial.label, what, "lower --workers or --cpus-per-worker"))
