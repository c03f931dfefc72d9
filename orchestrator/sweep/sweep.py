"""Runs the trials of an agenda on Ray Tune.

Trials of one shape run together: those with one worker train inside reused Tune actors, which costs 0.1 s a trial;
those with several run a Ray Train group each, started from a Tune trial. One shape after the other, because trials of
different shapes would starve or deadlock each other's placement groups.

torch is imported where trials run, not in the driver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ray import tune
from ray.tune.error import TuneError
from ray.tune.schedulers import TrialScheduler

from experiments.errors import InputError, Problem
from orchestrator.redaction import redacted
from orchestrator.sweep.agenda import Agenda
from orchestrator.sweep.outcomes import Outcomes
from orchestrator.sweep.placement import Placement
from orchestrator.sweep.ray_death import DeathWatch
from orchestrator.sweep.suggestions import Suggestions
from orchestrator.sweep.telemetry import Sender
from orchestrator.sweep.trainables import COORDINATOR, SingleWorkerTrial, coordinate_group
from orchestrator.trial.machine import Machine


@dataclass(frozen=True)
class Sweep:
    """What all shapes of a sweep have in common.

    Attributes:
        name: of the sweep.
        agenda: which trials, and when.
        machine: where and how each runs.
        placement: how many of them fit.
        mailbox: Ray actor between trials and driver.
        watch: over Ray's own processes.
        early_stopping: makes a scheduler that gives trials up.
    """

    name: str
    agenda: Agenda
    machine: Machine
    placement: Placement
    mailbox: Any
    watch: DeathWatch
    early_stopping: Callable[[], TrialScheduler | None] | None = None

    def run(self) -> None:
        """Runs until the agenda is over. What became of the trials is in storage and on the agenda."""
        while shapes := self.agenda.shapes():
            self._run_shape(shapes[0])

    def _run_shape(self, workers: int) -> None:
        shared = {"machine": self.machine, "mailbox": self.mailbox}
        trainable: Any
        if workers == 1:
            trainable, resources = tune.with_parameters(SingleWorkerTrial, **shared), self.placement.shape.resources
        else:
            trainable = tune.with_parameters(coordinate_group, **shared, shape=self.placement.shape)
            resources = COORDINATOR
        tuner = tune.Tuner(
            tune.with_resources(trainable, resources),
            tune_config=tune.TuneConfig(
                search_alg=Suggestions(self.agenda, workers, self.placement),
                scheduler=self.early_stopping() if self.early_stopping else None,
                num_samples=-1,
                reuse_actors=workers == 1,
            ),
            run_config=tune.RunConfig(
                name=f"{self.name}-{workers}",
                storage_path=str(self.machine.storage.root / "sweeps" / self.name / "tune"),
                verbose=0,
                callbacks=[self.watch, Outcomes(self.agenda, self.machine.storage, Sender(self.mailbox))],
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
