"""A storage of three trials of one sweep, of which tests damage one: two are finished, one was stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

from experiments.trial import Trial
from orchestrator.store.membership import join_sweep
from orchestrator.trial.leases import AttemptLease
from tests.reports.whole_storage import WholeStorage, smoke_trials

SWEEP = "combo-table7-smoke"
QUESTION = ("combo/table7", "seeds=[0,1]", "--scale", "smoke")
"""What the trials answer a part of, as words of a command."""


def trio() -> list[Trial]:
    """The trials, all of S4; the last one is that which was stopped."""
    return [trial for trial in smoke_trials() if trial.task == "s4"][:3]


def store_trio(root: Path) -> WholeStorage:
    """Stores them, the stopped one with what it measured and the state that it would continue from."""
    storage, trials = WholeStorage(root), trio()
    for trial in trials[:2]:
        storage.finish(trial)
        AttemptLease(storage.store.storage, trial.key, 1, 1, "cpu").end("stopped")
    finished, stopped = trials[0], storage.store.trial(trials[2].key)
    stopped.begin(trials[2])
    stopped.metrics_file(1).parent.mkdir()
    shutil.copy(storage.store.trial(finished.key).metrics_file(1), stopped.metrics_file(1))
    shutil.copytree(storage.folder(finished) / "checkpoints/best-00000010", stopped.checkpoints / "step-00000010")
    AttemptLease(storage.store.storage, trials[2].key, 1, 1, "cpu").end("stopped")
    for trial in trials:
        join_sweep(storage.store.storage, trial, SWEEP, "combo", {"test": 12})
    return storage
