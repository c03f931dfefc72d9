"""Which storage a run belongs to: several storages may share an MLflow, each with a run of the same trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.redaction import redacted
from orchestrator.settings import Settings
from orchestrator.store.storage_identity import address, storage_id
from orchestrator.tracking.connection import Connection
from orchestrator.tracking.retry_policy import RetryPolicy
from orchestrator.tracking.run_content import TRIAL_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

STORAGE_ID_TAG = "combo.storage_id"
"""Tag with the id of the storage that a run belongs to."""
STORAGE_TAG = "combo.storage"
"""Where that storage was when the run was last written, without credentials. Older runs have this tag only."""


@dataclass(frozen=True)
class Owner:
    """A storage as MLflow knows it."""

    settings: Settings
    id: str | None
    """None while the storage has none, and so no run either that says so."""

    @property
    def tags(self) -> dict[str, str]:
        """Tags of a run of this storage."""
        identity = {} if self.id is None else {STORAGE_ID_TAG: self.id}
        return {STORAGE_TAG: redacted(address(self.settings.storage)), **identity}

    def has(self, tags: Mapping[str, str]) -> bool:
        """Whether the run with these tags belongs to this storage, or to no known one, as runs made by other means.

        Of a run that was made before storages had ids, its address decides, as far as that still leads somewhere.
        """
        if self.settings.has_own_mlflow:
            return True
        if STORAGE_ID_TAG in tags:
            return tags[STORAGE_ID_TAG] == self.id
        return STORAGE_TAG not in tags or self._is_here(tags[STORAGE_TAG])

    def _is_here(self, named: str) -> bool:
        here = self.tags[STORAGE_TAG]
        return named == here or ("://" not in named and str(Path(named).resolve()) == here)


def newest_runs(
    settings: Settings, keys: Iterable[str], retry_policy: RetryPolicy, tag: str = TRIAL_TAG
) -> Iterator[tuple[str, Run | None]]:
    """Each trial key with this storage's newest run of it; None where MLflow knows none.

    Args:
        settings: MLflow's address and storage.
        keys: of the trials; of sweeps their names.
        retry_policy: with MLflow.
        tag: of the runs that holds the key.

    Raises:
        InputError: the record of the storage's id is damaged.
        Exception: what MLflow raises when it cannot be read.
    """
    owner = Owner(settings, storage_id(settings.storage))
    client = Connection(settings.tracking_uri, retry_policy)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    for key in keys:
        runs = client.search_runs(experiments, f"tags.`{tag}` = '{key}'", order_by=["start_time DESC"])
        yield key, next((run for run in runs if owner.has(run.data.tags)), None)
