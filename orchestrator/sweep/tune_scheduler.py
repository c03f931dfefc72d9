"""Ray Tune's schedulers: which pending trial gets a free actor, and which trials of a search stop early."""

from __future__ import annotations

from typing import Any

from ray.tune.schedulers import ASHAScheduler, FIFOScheduler

from experiments.searches import ScaledSearch


class FreeActorsFirst(FIFOScheduler):
    """Gives a free actor to a trial for which none is starting.

    Tune's own scheduler gives it to the first pending trial, ends the actor that is starting for that one, and starts
    another for the next trial: where trials are shorter than the start of an actor, most actors start in vain. Where
    the scheduler makes no choice, Tune's controller looks for trials without an actor first.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """Leaves the choice to Tune's controller."""


class EarlyStopping(FreeActorsFirst, ASHAScheduler):
    """Ray Tune's ASHA, with the same choice of actors."""


def make_tune_scheduler(search: ScaledSearch | None) -> FIFOScheduler:
    """The scheduler of a sweep; it stops trials early where its search says so.

    Time is the number of optimiser steps, which goes on where a trial continues; Tune's own count starts anew.
    """
    if search is None or (stopping := search.search.early_stopping) is None:
        return FreeActorsFirst()
    return EarlyStopping(
        time_attr="step",
        metric="m_j",
        mode="max",
        max_t=search.base.training.iterations + 1,  # who gets that far finishes: the test comes after the last step
        grace_period=search.grace_steps,
        reduction_factor=stopping.reduction,
    )
