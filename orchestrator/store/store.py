"""All that one storage holds: trials, evaluations, imported weights, sweeps."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from experiments.errors import InputError
from experiments.records import (
    EVALUATIONS,
    METRICS_DIR,
    PREDICTIONS_DIR,
    PREVIEWS_DIR,
    RESULT_FILE,
    TRIALS,
    ResultRecord,
    TrialRecord,
)
from orchestrator.storage.storage import Storage
from orchestrator.store.evaluation_folder import EvaluationFolder
from orchestrator.store.trial_folder import TrialFolder, is_document, is_in_checkpoint, without_old_states

IMPORTED = "imported"
MOST_ONE_BY_ONE = 200
"""Trials that are looked up by their keys. Of more it is quicker to list all that there are."""


@dataclass(frozen=True)
class Store:
    """All trials, evaluations and sweeps of one storage."""

    storage: Storage
    of_this_schema: set[str] = field(default_factory=set, compare=False, repr=False)
    """Keys of trials whose identity was seen to be of this schema: it is written once, so nobody has to look again."""

    @property
    def root(self) -> Path:
        """Folder in which this process reads."""
        return self.storage.root

    def refresh(self, keys: Collection[str] | None = None) -> None:
        """Makes documents here equal to those stored, metrics aside.

        Args:
            keys: of the trials whose documents are wanted; by default those of all trials and evaluations.
        """
        are_few = keys is not None and len(keys) <= MOST_ONE_BY_ONE
        folders = [f"{TRIALS}/{key}" for key in keys or ()] if are_few else [TRIALS, EVALUATIONS]
        self.storage.fetch(folders, is_document, without_old_states)

    def refresh_all(self) -> None:
        """As `refresh`, with metrics, scores and pictures as well; no checkpoints, predictions and previews."""
        self.storage.fetch((TRIALS, EVALUATIONS), lambda name: is_document(name) or not _is_large(name))

    def refresh_progress(self, keys: Iterable[str]) -> None:
        """Makes metrics and previews of these trials equal to those stored."""
        self.storage.fetch([f"{TRIALS}/{key}/{part}" for key in keys for part in (METRICS_DIR, PREVIEWS_DIR)])

    def has_result(self, key: str) -> bool:
        """Whether a result of this trial is stored now."""
        return self.storage.read(f"{TRIALS}/{key}/{RESULT_FILE}") is not None

    def finished(self) -> Iterator[tuple[TrialRecord, ResultRecord]]:
        """Identity and result of every finished trial whose documents are intact."""
        for folder in self.trials():
            with suppress(InputError):
                if (outcome := folder.outcome) is not None:
                    yield outcome

    def trials(self) -> Iterator[TrialFolder]:
        """The directories of all trials there are, in the order of their keys."""
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(self.root / TRIALS) as found:
            yield from map(self.trial, sorted(one.name for one in found if one.name[0] != "." and one.is_dir()))

    def trial(self, key: str) -> TrialFolder:
        """The directory of a trial, whether or not it exists yet."""
        return TrialFolder(self.storage, f"{TRIALS}/{key}")

    def evaluation(self, key: str) -> EvaluationFolder:
        """The directory of an evaluation, whether or not it exists yet."""
        return EvaluationFolder(self.storage, f"{EVALUATIONS}/{key}")

    @property
    def imported(self) -> Path:
        """Folder of the imported checkpoints."""
        return self.root / IMPORTED

    def fetch_imported(self, name: str) -> None:
        """Makes an imported checkpoint here equal to the one stored."""
        self.storage.fetch(f"{IMPORTED}/{name}")

    def publish_imported(self, name: str) -> None:
        """Stores an imported checkpoint."""
        self.storage.publish(f"{IMPORTED}/{name}")

    @property
    def sound_cache(self) -> Path:
        """Embeddings of the frozen audio encoder, which all trials share; may be deleted at any time."""
        return self.storage.cache / "sound"


def _is_large(name: str) -> bool:
    """Whether a file is fetched only where it is needed."""
    return is_in_checkpoint(name) or any(f"/{part}/" in name for part in (PREDICTIONS_DIR, PREVIEWS_DIR))
