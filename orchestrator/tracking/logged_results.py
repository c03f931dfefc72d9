"""What MLflow holds of finished trials. Reads only, so that a check changes nothing of what it checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.tracking.connection import Connection
from orchestrator.tracking.experiment_runs import STORAGE_TAG
from orchestrator.tracking.patience import Patience
from orchestrator.tracking.run_content import TRIAL_TAG
from orchestrator.tracking.run_links import has_begun
from reports.verifying.logged_runs import LoggedRun

if TYPE_CHECKING:
    from mlflow.entities import Run

SHORT_PATIENCE = Patience(waits=(0.5,))


def read_logged(
    settings: Settings, keys: Sequence[str], on_progress: Callable[[int, int], None]
) -> dict[str, LoggedRun]:
    """The runs of trials by trial key; trials that MLflow does not know are absent.

    Args:
        settings: tracking place and storage; runs of other storages are not looked at.
        keys: of the trials.
        on_progress: called with how many trials are done and how many there are.

    Raises:
        Exception: what MLflow raises when it cannot be read.
    """
    if not has_begun(settings):
        return {}
    client = Connection(settings.tracking_uri, SHORT_PATIENCE)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    found = {}
    for done, key in enumerate(keys):
        on_progress(done, len(keys))
        runs = client.search_runs(experiments, f"tags.`{TRIAL_TAG}` = '{key}'", order_by=["start_time DESC"])
        own = next((run for run in runs if _is_ours(run, settings)), None)
        if own is not None:
            found[key] = LoggedRun(str(own.info.run_id), dict(own.data.metrics), dict(own.data.params))
    return found


def _is_ours(run: Run, settings: Settings) -> bool:
    """Also if nothing says whose it is, as of runs that were made by other means."""
    own = redacted(str(settings.storage))
    return settings.has_own_mlflow or run.data.tags.get(STORAGE_TAG, own) == own
