"""What MLflow holds of finished trials. Reads only, so that a check changes nothing of what it checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.settings import Settings
from orchestrator.tracking.connection import Connection
from orchestrator.tracking.deleted_experiments import refuse_deleted_with
from orchestrator.tracking.own_runs import newest_runs
from orchestrator.tracking.retry_policy import RetryPolicy
from orchestrator.tracking.run_links import has_begun
from reports.verifying.logged_runs import LoggedRun

ONE_RETRY = RetryPolicy(waits=(0.5,))


def read_logged(
    settings: Settings, keys: Sequence[str], on_progress: Callable[[int, int], None]
) -> dict[str, LoggedRun]:
    """The runs of trials by trial key; trials that MLflow does not know are absent.

    Args:
        settings: MLflow's address and storage; runs of other storages are not looked at.
        keys: of the trials.
        on_progress: called with how many trials are done and how many there are.

    Raises:
        DeletedExperimentError: the runs of some lie in an experiment that was deleted.
        Exception: what MLflow raises when it cannot be read.
    """
    if not has_begun(settings):
        return {}
    found, missing = {}, []
    for done, (key, run) in enumerate(newest_runs(settings, keys, ONE_RETRY), start=1):
        on_progress(done, len(keys))
        if run is not None:
            found[key] = LoggedRun(str(run.info.run_id), dict(run.data.metrics), dict(run.data.params))
        else:
            missing.append(key)
    if missing:
        refuse_deleted_with(Connection(settings.tracking_uri, ONE_RETRY), missing)
    return found
