"""Early stopping of a search's trials by Ray Tune's ASHA."""

from __future__ import annotations

from ray.tune.schedulers import ASHAScheduler, TrialScheduler

from experiments.searches import ScaledSearch


def make_scheduler(search: ScaledSearch) -> TrialScheduler | None:
    """Ray Tune's scheduler that stops trials early; None where the search trains every point to its end.

    Time is the number of optimiser steps, which goes on where a trial continues; Tune's own count starts anew.
    """
    stopping = search.search.early_stopping
    if stopping is None:
        return None
    return ASHAScheduler(
        time_attr="step",
        metric="m_j",
        mode="max",
        max_t=search.base.training.iterations + 1,  # who gets that far finishes: the test comes after the last step
        grace_period=search.grace_steps,
        reduction_factor=stopping.reduction,
    )
