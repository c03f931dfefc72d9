"""A sweep in a bucket, looked at through a copy of its own."""

from __future__ import annotations

from orchestrator.storage.opening import open_storage
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder, is_in_checkpoint
from tests.faults.watched_sweep import END_SECONDS, WatchedSweep
from tests.orchestrator.combo_command import Combo, wait_until

LOOK_SECONDS = 0.5


class BucketSweep(WatchedSweep):
    """As its parent, for a storage that is no folder; this process finds the credentials in its environment.

    Args:
        combo: the command.
        address: of the bucket, with a prefix.
        words: that name the trials.
    """

    def __init__(self, combo: Combo, address: str, *words: object) -> None:
        super().__init__(combo, *words)
        self.store = Store(open_storage(address).for_worker())

    def trial(self, variant: str) -> TrialFolder:
        """The directory of a trial as it is stored now; its checkpoints only as `fetch_all` has seen them."""
        folder = super().trial(variant)
        folder.storage.fetch(folder.name, lambda name: not is_in_checkpoint(name))
        return folder

    def wait_for_step(self, variant: str, attempt: int, step: int) -> None:
        """As its parent, but looks so rarely that the server has time for the command."""
        wait_until(lambda: max(self.steps(variant, attempt), default=0) >= step, END_SECONDS, LOOK_SECONDS)

    def fetch_all(self) -> None:
        """Makes everything here equal to what is stored."""
        self.store.storage.fetch("trials")
