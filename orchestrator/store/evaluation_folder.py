"""One evaluation's directory in storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.records import EVALUATION_FILE, SCORES_FILE, EvaluationRecord
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import damaged, read_record, record_bytes, score_bytes

if TYPE_CHECKING:
    from model.metrics.protocol import ClipScore


@dataclass(frozen=True)
class EvaluationFolder:
    """One evaluation's directory."""

    storage: Storage
    name: str
    """In storage, such as `evaluations/<key>`."""

    @property
    def path(self) -> Path:
        """Where it is read."""
        return self.storage.root / self.name

    @property
    def record(self) -> EvaluationRecord | None:
        """The outcome, once there is one.

        Raises:
            InputError: the stored record is damaged, or of another evaluation.
        """
        path = self.path / EVALUATION_FILE
        record = read_record(path, EvaluationRecord)
        if record is not None and record.key != self.path.name:
            raise damaged(path, f"is of evaluation {record.key}, but lies in the folder of {self.path.name}")
        return record

    def fetch(self) -> None:
        """Makes what can be read equal to what is stored."""
        self.storage.fetch(self.name)

    def write_scores(self, clips: Sequence[ClipScore]) -> Path:
        """Per-clip scores as Parquet."""
        self.storage.write(f"{self.name}/{SCORES_FILE}", score_bytes(clips))
        return self.path / SCORES_FILE

    def write_record(self, record: EvaluationRecord) -> None:
        """The last write of an evaluation."""
        self.storage.write(f"{self.name}/{EVALUATION_FILE}", record_bytes(record))
