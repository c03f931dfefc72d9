"""Which files of a storage stand behind the cells of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.records import (
    ATTEMPTS_DIR,
    CODE_DIR,
    EVALUATION_FILE,
    EVALUATIONS,
    METRICS_DIR,
    QUARANTINE_FILE,
    RESULT_FILE,
    SCORES_FILE,
    TRIAL_FILE,
    TRIALS,
    EvaluationRecord,
)
from experiments.reproduction_record import REPRODUCTIONS_DIR
from model.manifest import MANIFEST_FILE, WEIGHTS_FILE
from reports.stored.results import Results
from reports.stored.stored_trial import StoredTrial
from reports.tables.cells import Cell, Table


@dataclass(frozen=True)
class Evidence:
    """What stands behind the measured cells of tables."""

    trials: tuple[StoredTrial, ...]
    """The trials behind the cells, and those whose weights they start from."""
    evaluations: tuple[EvaluationRecord, ...]
    """Weights that were scored by themselves: imported ones, and trials that were scored again."""

    def folders(self) -> list[str]:
        """Names of their folders in a storage."""
        trials = [f"{TRIALS}/{one.key}" for one in self.trials]
        return [*trials, *(f"{EVALUATIONS}/{one.key}" for one in self.evaluations)]

    def files(self, storage: Path, *, with_weights: bool) -> Iterator[Path]:
        """The files that results name, and the documents that these are held against.

        Args:
            storage: folder that holds `trials/` and `evaluations/`.
            with_weights: whether the tested weights are among them.
        """
        for trial in self.trials:
            found = dict.fromkeys(_of_trial(trial, with_weights=with_weights))
            yield from (path for path in found if path.is_file())
        for one in self.evaluations:
            yield from (storage / EVALUATIONS / one.key / name for name in (EVALUATION_FILE, SCORES_FILE))


def evidence_of(tables: Sequence[Table], results: Results) -> Evidence:
    """What stands behind the measured cells of tables.

    Args:
        tables: of a report.
        results: that they were built from.
    """
    cells = [cell for table in tables for cell in table.own_cells if cell.summary is not None or cell.imported]
    found: dict[str, StoredTrial] = {}
    for stored in (run.stored for cell in cells for run in cell.counted):
        origin: StoredTrial | None = stored
        while origin is not None and origin.key not in found:
            found[origin.key] = origin
            start = None if origin.config is None else origin.config.initial_trial
            origin = None if start is None else results.trial(start)
    evaluations = {record.key: record for cell in cells for record in _evaluations(cell)}
    return Evidence(tuple(found[key] for key in sorted(found)), tuple(evaluations[key] for key in sorted(evaluations)))


def _evaluations(cell: Cell) -> Iterator[EvaluationRecord]:
    yield from (run.stored.rescored for run in cell.counted if run.stored.rescored is not None)
    if cell.imported is not None:
        yield cell.imported.record


def _of_trial(trial: StoredTrial, *, with_weights: bool) -> Iterator[Path]:
    result, folder = trial.own_result, trial.path
    yield folder / TRIAL_FILE
    yield from sorted((folder / ATTEMPTS_DIR).glob("*.json"))
    yield from sorted((folder / CODE_DIR).glob("*.patch"))
    yield from sorted((folder / METRICS_DIR).glob("*.jsonl"))
    yield from sorted((folder / REPRODUCTIONS_DIR).glob("*.json"))
    yield folder / QUARANTINE_FILE
    if result is not None:
        yield folder / RESULT_FILE
        yield folder / result.checkpoint / MANIFEST_FILE
        named = sorted(result.checksums)
        yield from (folder / name for name in named if with_weights or not name.endswith(f"/{WEIGHTS_FILE}"))
