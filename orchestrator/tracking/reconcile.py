"""Ends runs that are marked running although nobody runs them: their process was killed, or MLflow was away."""

from __future__ import annotations

from contextlib import suppress

from experiments.errors import InputError
from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.store.membership import all_memberships
from orchestrator.store.store import Store
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.run_content import RUNNING, TRIAL_TAG, RunContent, read_content
from orchestrator.tracking.run_mirror import set_status
from orchestrator.tracking.sweep_runs import end_sweep
from orchestrator.tracking.sweep_summary import Member


def reconcile(runs: ExperimentRuns, store: Store) -> None:
    """Gives every run that says RUNNING the state that storage knows. Raises what MLflow raises.

    A run whose trial is not in this storage is left alone: it may be of another one.

    Args:
        runs: of one paper.
        store: the trials.
    """
    marked = runs.search({}, RUNNING)
    for run in marked:
        key = run.data.tags.get(TRIAL_TAG)
        content = None if key is None else _content(store, key)
        if content is not None:
            set_status(runs.client, run, content.status, content.ended)
    joined = all_memberships(store.root)
    for run in marked:
        if SWEEP_TAG in run.data.tags:
            # All that it asked for: MLflow may know of no trial yet.
            members = [one for one in joined if one.sweep == run.data.tags[SWEEP_TAG]]
            end_sweep(runs, run, [Member(one, _content(store, one.key)) for one in members])


def _content(store: Store, key: str) -> RunContent | None:
    """None of a trial that has not begun, or that is damaged: its run is left as it is, other verbs name the damage."""
    store.trial(key).fetch_documents()
    with suppress(InputError):
        return read_content(store.trial(key), [])
    return None
