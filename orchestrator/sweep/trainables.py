"""What Ray Tune runs for a trial: training itself for one worker, a Ray Train group for several.

What all trials share travels inside of what Tune is given. `tune.with_parameters` would put it into Ray's object store,
and Ray ends a driver on the spot whose objects are on a node that leaves in order, as a raylet whose agent dies does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import ray.actor
from ray import tune

from experiments.trial import Trial
from orchestrator.redaction import hiding_secrets
from orchestrator.sweep.driver_channel import ChannelSender
from orchestrator.sweep.placement import WorkerResources
from orchestrator.sweep.trial_errors import sending_failure
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.termination import listen_for_termination, termination_requested

COORDINATOR = {"memory": 1.0}
"""Resources of the Tune trial that starts a worker group and waits for it: Tune wants some, and a CPU would be idle."""

START_SECONDS = 120
"""Time for a worker group to start on nodes that are there."""
GROWTH_SECONDS = 7 * 24 * 3600
"""The same where nodes may have to be started first: no limit of its own, as trials of one worker have none either."""

SKIPPED = "skipped"
"""In the last report of a trial that did not begin, because the sweep was about to stop."""


class SingleWorkerTrial(tune.Trainable):
    """A reusable Tune actor that trains one-worker trials in turn; `single_worker_trial` gives its context."""

    context: RunContext
    channel_actor: Any

    def setup(self, config: dict[str, Any]) -> None:
        """Called once per actor."""
        listen_for_termination()
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepares the next trial of a reused actor."""
        self._channel = ChannelSender(self.channel_actor)
        self._skipped = self._channel.stop_request() is not None
        self._trial, self._attempt = new_config["trial"].trial, new_config["attempt"]
        self.config: dict[str, Any] = {}  # lest every report takes it along to the driver, which keeps it
        self._reports = self._train(self._trial, self._attempt, self._channel)
        return True

    def step(self) -> dict[str, Any]:
        """Trains to the next validation, or to the end."""
        if self._skipped:
            return {"done": True, SKIPPED: True}
        with sending_failure(self._channel, self._trial.key, self._attempt), hiding_secrets():
            report = next(self._reports, None)
        if report is None and termination_requested():
            ray.actor.exit_actor()  # lest Tune reuses a process whose machine is about to go
        return {"done": True} if report is None else {**report, "done": False}

    def cleanup(self) -> None:
        """Called when the actor ends."""
        self._reports.close()

    def _train(self, trial: Trial, attempt: int, channel: ChannelSender) -> Generator[dict[str, float], None, None]:
        """Imports training code lazily: an import error in `setup` would look like a dead process."""
        from model.training.workers import Workers
        from orchestrator.trial.run_trial import run_trial

        yield from run_trial(trial, self.context, Workers(), channel, attempt)


def single_worker_trial(context: RunContext, channel_actor: Any) -> type[SingleWorkerTrial]:
    """What Tune runs for trials of one worker."""
    return type(SingleWorkerTrial.__name__, (SingleWorkerTrial,), {"context": context, "channel_actor": channel_actor})


def group_coordinator(
    context: RunContext, channel_actor: Any, worker: WorkerResources, start_seconds: int
) -> Callable[[dict[str, Any]], None]:
    """A Tune trial that runs a Ray Train group of workers; validations are passed on to Tune.

    Args:
        context: what all trials share.
        channel_actor: to the driver.
        worker: what one worker takes.
        start_seconds: in which the group must have found room.
    """

    def coordinate_group(config: dict[str, Any]) -> None:
        os.environ["RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S"] = str(start_seconds)
        _coordinate_group(config, context, channel_actor, worker)

    return coordinate_group


def _coordinate_group(config: dict[str, Any], context: RunContext, channel_actor: Any, worker: WorkerResources) -> None:
    from ray import train
    from ray.train.torch import TorchTrainer
    from ray.tune.integration.ray_train import TuneReportCallback

    from orchestrator.sweep.worker_group import GroupBackend

    trial, channel = config["trial"].trial, ChannelSender(channel_actor)
    if channel.stop_request() is not None:
        tune.report({"done": True, SKIPPED: True})
        return
    # The first worker notices what hangs, Ray notices when that one itself stands still.
    os.environ["RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S"] = str(context.config.hang_after)
    trainer = TorchTrainer(
        train_in_group,
        train_loop_config={**config, "context": context, "channel_actor": channel_actor},
        torch_config=GroupBackend(backend="nccl" if worker.gpus else "gloo"),
        scaling_config=train.ScalingConfig(
            num_workers=trial.workers, use_gpu=worker.gpus > 0, resources_per_worker=worker.request
        ),
        # A name of its own for each attempt: Ray would continue one by its name, but storage knows better where from.
        run_config=train.RunConfig(
            name=f"{trial.key}-{tune.get_context().get_trial_id()}",
            # Ray keeps checkpoints here, of which it gets none: this node's own folder of the Tune trial will do.
            storage_path=str(Path.cwd()),
            callbacks=[TuneReportCallback()],
            # Ray would retry a group that finds no room again and again; the trial scheduler decides about retries.
            failure_config=train.FailureConfig(max_failures=0, controller_failure_limit=0, max_preemption_failures=0),
        ),
    )
    with sending_failure(channel, trial.key, config["attempt"]):
        trainer.fit()
    tune.report({"done": True})


def train_in_group(config: dict[str, Any]) -> None:
    """One Ray Train worker."""
    from ray import train

    from model.training.workers import Workers
    from orchestrator.trial.run_trial import run_trial

    group = train.get_context()
    workers = Workers(group.get_world_rank(), group.get_world_size())
    channel = ChannelSender(config["channel_actor"])
    with hiding_secrets():
        for report in run_trial(config["trial"].trial, config["context"], workers, channel, config["attempt"]):
            train.report(report)
