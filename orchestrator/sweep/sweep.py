"""Runs the trials of a trial scheduler on Ray Tune.

Trials with one worker train inside reused Tune actors, which costs 20 ms a trial; trials with several run a Ray Train
group each, started from a Tune trial. One worker count runs after the other, because trials with different ones would
starve or deadlock each other's placement groups.

torch is imported where trials run, not in the driver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ray import tune
from ray.tune.error import TuneError
from ray.tune.schedulers import FIFOScheduler

from experiments.errors import InputError, Problem
from experiments.records import SWEEPS
from orchestrator.redaction import redacted
from orchestrator.sweep.attempt_endings import AttemptEndings
from orchestrator.sweep.driver_channel import ChannelSender
from orchestrator.sweep.node_wait import NodeWait
from orchestrator.sweep.placement import Placement
from orchestrator.sweep.ray_watch import RayWatch
from orchestrator.sweep.trainables import (
    COORDINATOR,
    GROWTH_SECONDS,
    START_SECONDS,
    group_coordinator,
    single_worker_trial,
)
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.sweep.tune_scheduler import FreeActorsFirst
from orchestrator.sweep.tune_searcher import TuneSearcher
from orchestrator.trial.run_context import RunContext


@dataclass(frozen=True)
class Sweep:
    """A sweep on Ray Tune.

    Attributes:
        name: of the sweep.
        scheduler: which trials, and when.
        context: what all trials share.
        placement: how many of them fit.
        channel_actor: Ray actor between trials and driver.
        watch: ends the sweep if Ray's own processes die.
        node_wait: says what waits for nodes, and ends that wait when the sweep is to stop.
        make_tune_scheduler: makes Tune's own scheduler, for each worker count.
    """

    name: str
    scheduler: TrialScheduler
    context: RunContext
    placement: Placement
    channel_actor: Any
    watch: RayWatch
    node_wait: NodeWait
    make_tune_scheduler: Callable[[], FIFOScheduler] = FreeActorsFirst

    def run(self) -> None:
        """Runs until no trial may start any more. Outcomes are in storage and in the trial scheduler."""
        while worker_counts := self.scheduler.worker_counts():
            self._run_with(worker_counts[0])

    def _run_with(self, workers: int) -> None:
        worker = self.placement.worker
        trainable: Any
        if workers == 1:
            trainable, resources = single_worker_trial(self.context, self.channel_actor), worker.request
        else:
            start_seconds = GROWTH_SECONDS if self.placement.may_grow else START_SECONDS
            trainable = group_coordinator(self.context, self.channel_actor, worker, start_seconds)
            resources = COORDINATOR
        tuner = tune.Tuner(
            tune.with_resources(trainable, resources),
            tune_config=tune.TuneConfig(
                search_alg=TuneSearcher(self.scheduler, workers, self.placement),
                scheduler=self.make_tune_scheduler(),
                num_samples=-1,
                reuse_actors=workers == 1,
            ),
            run_config=tune.RunConfig(
                name=f"{self.name}-{workers}",
                storage_path=str(self.context.storage.root / SWEEPS / self.name / "tune"),
                verbose=0,
                stop=self.node_wait,
                callbacks=[
                    self.watch,
                    AttemptEndings(self.scheduler, self.context.storage, ChannelSender(self.channel_actor)),
                ],
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        try:
            tuner.fit()
        except TuneError as error:
            said = redacted(str(error).strip().splitlines()[-1])
            raise InputError(
                Problem(f"sweep {self.name}", f"Ray Tune gave up: {said}", "run the command again")
            ) from None
