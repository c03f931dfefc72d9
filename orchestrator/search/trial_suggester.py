"""A search as the trial scheduler uses it: suggests trials, and takes note of their outcomes."""

from __future__ import annotations

import logging

from experiments.errors import InputError
from experiments.trial import Trial
from orchestrator.search.journal import write_journal
from orchestrator.search.study import SearchStudy
from orchestrator.storage.errors import StorageError
from orchestrator.storage.storage import Storage

log = logging.getLogger(__name__)


class SearchSuggester:
    """See `orchestrator.sweep.trial_scheduler.TrialSuggester`.

    Args:
        study: that suggests.
        storage: gets Optuna's journal, for those who want to look at the study with its tools.
    """

    workers = 1
    """Worker count of each trial; with more workers fewer points would run at once."""

    def __init__(self, study: SearchStudy, storage: Storage) -> None:
        self._study, self._storage = study, storage

    @property
    def complete(self) -> bool:
        """Whether no further trial will be suggested."""
        return self._study.complete

    def ask(self) -> Trial | None:
        """The next trial; None when the search has all its points."""
        return self._study.ask()

    def ended(self, key: str) -> None:
        """Takes note of a trial's outcome, as it is stored."""
        try:
            self._study.settle(key)
            write_journal(self._study, self._storage)
        except (InputError, OSError, StorageError) as error:
            log.warning("the search could not take note of trial %s: %s", key, error)
