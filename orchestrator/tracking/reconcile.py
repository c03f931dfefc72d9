"""Ends runs that claim to be running although nobody runs them: their process was killed, or MLflow was away."""

from __future__ import annotations

from contextlib import suppress

from experiments.errors import InputError
from orchestrator.store.store import Store
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.run_content import RUNNING, TRIAL_TAG, read_content
from orchestrator.tracking.run_mirror import PARENT_TAG, set_status
from orchestrator.tracking.sweep_runs import SWEEP_TAG, combined_status


def reconcile(runs: ExperimentRuns, store: Store) -> None:
    """Gives every run that says RUNNING the state that storage knows. Raises what MLflow raises.

    A run whose trial is not in this storage is left alone: it may be of another one.

    Args:
        runs: of one paper.
        store: the trials.
    """
    claimed = runs.search({}, RUNNING)
    for run in claimed:
        key = run.data.tags.get(TRIAL_TAG)
        if key is not None:
            store.trial(key).fetch_documents()
            content = None
            with suppress(InputError):  # a damaged trial's run is left as it is; other verbs name the damage
                content = read_content(store.trial(key), [])
            if content is not None:
                set_status(runs.client, run, content.status, content.ended)
    for run in claimed:
        if SWEEP_TAG in run.data.tags:
            trials = runs.search({PARENT_TAG: run.info.run_id})
            ended = max((trial.info.end_time or 0 for trial in trials), default=0)
            set_status(runs.client, run, combined_status(trial.info.status for trial in trials), ended or None)
