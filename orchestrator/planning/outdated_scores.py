"""Finished trials that an older version of today's protocol scored: their cells are stale until scored again."""

from __future__ import annotations

from experiments.trial import Trial
from orchestrator.planning.plan import Plan, PlannedTrial
from orchestrator.store.store import Store
from orchestrator.trial.provenance import protocols_of_today
from reports.stored.rescored import Rescored
from reports.stored.scored_weights import read_evaluations
from reports.stored.stored_trial import read_stored_trial
from reports.stored.surpassed import is_surpassed


def outdated(plan: Plan, store: Store) -> list[Trial]:
    """Those trials that `combo rescore` would score.

    Args:
        plan: of trials.
        store: of the trials.
    """
    old = [entry for entry in plan.entries if _is_surpassed(entry)]
    if not old:
        return []
    store.refresh()  # the evaluations too
    rescored, protocols = Rescored(read_evaluations(store.root)[0]), protocols_of_today()
    stored = ((entry.trial, read_stored_trial(store.trial(entry.trial.key).path)) for entry in old)
    return [trial for trial, found in stored if rescored.under(found, protocols[trial.task]).rescored is None]


def _is_surpassed(entry: PlannedTrial) -> bool:
    return entry.protocol is not None and is_surpassed(entry.protocol, protocols_of_today()[entry.trial.task])
