"""Searches as mappings that tests change, and trial directories as attempts of any ending leave them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from experiments.errors import InputError
from experiments.load_search import load_search
from experiments.records import (
    AttemptRecord,
    Ending,
    FailureCategory,
    FailureRecord,
    MetricLine,
    ProtocolRecord,
    Provenance,
    ResultRecord,
    ScoreRecord,
)
from experiments.scales import FULL
from experiments.searches import ScaledSearch
from experiments.trial import Trial
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

FINGERPRINT = "d" * 16
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
PROTOCOL = ProtocolRecord(
    name="avsbench-binary",
    version=1,
    split="test",
    f_pooling="clip",
    thresholds=255,
    beta_squared=0.3,
    empty_mask_rule="background-iou, skipped in F",
)


def search_content(**changes: Any) -> dict[str, Any]:
    """A search of three axes, one of each kind that matters."""
    return {
        "title": "Own settings",
        "paper": "combo",
        "preset": "combo_demo",
        "task": "s4",
        "space": {
            "loss.lambda_ada": {"log_uniform": [1, 100]},
            "model.query_decoder.queries": {"integer": [2, 16], "step": 2},
            "model.fusion.mode": {"choice": ["bilateral", "visual", "none"]},
        },
        "trials": 12,
        **changes,
    }


def load(folder: Path, content: Mapping[str, Any], scale: str = FULL, **assigned: Any) -> ScaledSearch:
    """Writes the mapping as YAML, of which JSON is a part, and loads it, bound to some data."""
    path = folder / "own.yaml"
    path.write_text(json.dumps(content))
    return load_search(str(path), scale, assigned).on_data(FINGERPRINT)


def problems_of(folder: Path, content: Mapping[str, Any], scale: str = FULL, **assigned: Any) -> Sequence[str]:
    """What is said about a search that must be refused, without the folder's name."""
    with pytest.raises(InputError) as refusal:
        load(folder, content, scale, **assigned)
    return [str(problem).replace(f"{folder}/", "") for problem in refusal.value.problems]


def score_of(trial: Trial) -> float:
    """A validation M_J that is highest at a weight of 10, many queries and fusion on both sides."""
    config = trial.config
    far = abs(config.loss.lambda_ada - 10) / 200 + (16 - config.model.query_decoder.queries) / 100
    return 0.9 - far - 0.1 * ["bilateral", "visual", "none"].index(config.model.fusion.mode)


@dataclass
class Workshop:
    """Leaves trial directories as attempts do, each attempt a minute after the one before."""

    root: Path
    clock: datetime = field(default=BEGIN)

    @property
    def storage(self) -> FolderStorage:
        return FolderStorage(self.root)

    def begin(self, trial: Trial, ended: Ending | None = None) -> int:
        """Returns the number of the attempt."""
        folder = Store(self.storage).trial(trial.key)
        folder.begin(trial)
        self.clock += timedelta(minutes=1)
        attempts = [int(path.stem) for path in (folder.path / "attempts").glob("*.json")]
        number = max(attempts, default=0) + 1
        record = AttemptRecord(
            attempt=number, host="h", process="", workers=1, device="cpu", started=self.clock.isoformat(), ended=ended
        )
        self.storage.write(f"trials/{trial.key}/attempts/{number}.json", record.model_dump_json().encode())
        return number

    def finish(self, trial: Trial, m_j: float | None = None, **changes: Any) -> ResultRecord:
        """With the score of the trial's point unless told another; `changes` replace parts of the result."""
        self.begin(trial, "finished")
        result = result_of(trial, score_of(trial) if m_j is None else m_j, self.clock, **changes)
        Store(self.storage).trial(trial.key).write_result(result)
        return result

    def prune(self, trial: Trial, evaluations: Mapping[int, float]) -> None:
        self.end(trial, "pruned", evaluations)

    def end(self, trial: Trial, ended: Ending, evaluations: Mapping[int, float]) -> None:
        number = self.begin(trial, ended)
        lines = [
            # Unchecked, as damage writes them: scores may be no numbers.
            MetricLine.model_construct(
                kind="evaluation", attempt=number, step=step, time=float(step), values={"m_j": value, "m_f": value}
            )
            for step, value in evaluations.items()
        ]
        text = "".join(f"{line.model_dump_json()}\n" for line in lines)
        self.storage.write(f"trials/{trial.key}/metrics/attempt-{number}.jsonl", text.encode())

    def fail(self, trial: Trial, category: FailureCategory) -> None:
        self.begin(trial, "failed")
        failure = FailureRecord(attempt=1, category=category, kind="SomeError", message="so", time=BEGIN.isoformat())
        Store(self.storage).trial(trial.key).write_failure(failure)


def result_of(trial: Trial, m_j: float, finished: datetime = BEGIN, **changes: Any) -> ResultRecord:
    """A result whose test score would mislead a search that looked at it."""
    step = trial.config.training.iterations
    checkpoint = f"checkpoints/best-{step:08d}"
    return ResultRecord(
        key=trial.key,
        protocol=PROTOCOL,
        score=ScoreRecord(j_sum=10 * (1 - m_j), f_sum=1.0, count=10),
        best_step=step,
        validation=ScoreRecord(j_sum=10 * m_j, f_sum=5.0, count=10),
        parameters=1000 * trial.config.model.query_decoder.queries,
        trainable_parameters=10,
        checkpoint=checkpoint,
        checksums={f"{checkpoint}/model.safetensors": "0" * 64, "scores.parquet": "0" * 64},
        provenance=Provenance(
            code_version="0.1.0",
            commit=None,
            data_fingerprint=trial.config.data.fingerprint or FINGERPRINT,
            packages={},
            device="cpu",
            workers=1,
            attempts=1,
            started=finished.isoformat(),
            finished=finished.isoformat(),
            training_seconds=60.0,
        ),
    ).model_copy(update=changes)
