"""Trial directories as the orchestrator writes them, without the hours of training."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import FailureRecord, MetricLine, ProtocolRecord, Provenance, ResultRecord, ScoreRecord
from experiments.trial import Trial
from model.metrics.protocol import ClipScore
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.membership import join_sweep
from orchestrator.store.store import Store
from orchestrator.store.trial_folder import TrialFolder

SWEEP = "combo-table7"
NOON = 1_795_262_400.0
"""Seconds since the epoch at which every trial here starts."""
TESTED = "checkpoints/best-00000020"
SCORE = ScoreRecord(j_sum=6.1, f_sum=7.2, count=10)
PROTOCOL = ProtocolRecord(
    name="avsbench-binary",
    version=1,
    split="test",
    f_pooling="clip",
    thresholds=255,
    beta_squared=0.3,
    empty_mask_rule="background-iou, skipped in F",
)


def table7(count: int) -> list[Trial]:
    """The first trials of Table 7, as if bound to data."""
    return [trial.on_data("d" * 16) for trial in expand(load_experiment("combo/table7"))[:count]]


def step(attempt: int, number: int, loss: float | None = None) -> MetricLine:
    """What one optimiser step measures."""
    values = {"loss_total": 1 / number if loss is None else loss, "lr": 1e-4, "seconds": attempt / 8}
    time = NOON + 1000 * (attempt - 1) + number
    return MetricLine(kind="step", attempt=attempt, step=number, time=time, values=values)


def evaluation(attempt: int, number: int) -> MetricLine:
    """What one validation measures."""
    time = NOON + 1000 * (attempt - 1) + number + 0.5
    values = {"m_j": 0.5 + number / 10000, "m_f": 0.6 + number / 10000}
    return MetricLine(kind="evaluation", attempt=attempt, step=number, time=time, values=values)


def machine(attempt: int, number: int) -> MetricLine:
    """What is measured of the machine meanwhile."""
    time = NOON + 1000 * (attempt - 1) + number + 0.7
    values = {"cpu_utilization_percentage": 50.0 + number}
    return MetricLine(kind="system", attempt=attempt, step=number, time=time, values=values)


def lines(attempt: int, first: int, last: int, every: int = 5) -> list[MetricLine]:
    """An attempt from one step to another."""
    found = []
    for number in range(first, last + 1):
        found.append(step(attempt, number))
        if number % every == 0:
            found += [evaluation(attempt, number), machine(attempt, number)]
    return found


class StoredTrials:
    """Writes trials of one sweep below a folder."""

    def __init__(self, root: Path) -> None:
        self.storage = FolderStorage(root)
        self.store = Store(self.storage)

    def folder(self, trial: Trial) -> TrialFolder:
        return self.store.trial(trial.key)

    def join(self, trial: Trial, sweep: str = SWEEP) -> None:
        join_sweep(self.storage, trial, sweep, "combo", {"train": 30, "val": 5, "test": 10})

    def measure(self, trial: Trial, measured: list[MetricLine]) -> TrialFolder:
        """Begins the trial if need be and appends to its metrics."""
        folder = self.folder(trial)
        folder.begin(trial)
        for line in measured:
            path = folder.metrics_file(line.attempt)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(line.model_dump_json() + "\n")
        return folder

    def fail(self, trial: Trial, message: str) -> FailureRecord:
        failure = FailureRecord(attempt=1, kind="ValueError", message=message, time="2026-11-21T12:10:00+00:00")
        self.folder(trial).write_failure(failure)
        return failure

    def finish(self, trial: Trial, checksums: dict[str, str] | None = None) -> ResultRecord:
        """Writes all that a finished trial has."""
        folder = self.folder(trial)
        folder.write_scores([ClipScore("clip-0", "dog", 0.61, 0.72, 5, 0)])
        folder.write_picture("clip-0.png", Image.new("RGB", (8, 8)))
        result = ResultRecord(
            key=trial.key,
            protocol=PROTOCOL,
            score=SCORE,
            best_step=20,
            validation=SCORE,
            parameters=10,
            trainable_parameters=10,
            checkpoint=TESTED,
            checksums={f"{TESTED}/model.safetensors": "0" * 64, "scores.parquet": "0" * 64} | (checksums or {}),
            provenance=Provenance(
                code_version="0.1.0",
                commit="c0ffee1",
                data_fingerprint="d" * 16,
                packages={},
                device="cpu",
                workers=1,
                attempts=1,
                started="2026-11-21T12:00:00+00:00",
                finished="2026-11-21T12:20:00+00:00",
                training_seconds=1200.0,
            ),
            quarantined={"train": ["clip-3"]},
        )
        folder.write_result(result)
        return result
