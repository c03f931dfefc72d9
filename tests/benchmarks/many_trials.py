"""Thousands of finished trials, as directories and as runs of an MLflow store, without having trained one."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.identity import trial_key
from experiments.presets import resolve_preset
from experiments.records import (
    ATTEMPT_NAME,
    ATTEMPTS_DIR,
    METRICS_DIR,
    RESULT_FILE,
    TRIAL_FILE,
    TRIALS,
    AttemptRecord,
    ProtocolRecord,
    Provenance,
    Record,
    ResultRecord,
    ScoreRecord,
    TrialRecord,
)
from model.config import TrialConfig

EVALUATIONS, EVERY = 18, 5_000
"""Validations of a full training, and steps between them."""
METRICS = ["m_j", "m_f", *(f"m_j/class-{number:02d}" for number in range(1, 49))]
"""Fifty, which every validation measures."""
CLIPS = 740
STARTED = 1_790_000_000.0
"""Seconds since the epoch."""


def many_trials(first: int, count: int) -> Iterator[tuple[str, TrialConfig, np.ndarray]]:
    """Key, configuration and metrics (validation x metric) of trials that differ in their seeds."""
    config = resolve_preset("combo_r50", "s4")
    data = config.data.model_copy(update={"fingerprint": "d" * 16})
    for seed in range(first, first + count):
        own = config.model_copy(update={"seed": seed, "data": data})
        yield trial_key(own), own, np.random.default_rng(seed).random((EVALUATIONS, len(METRICS)))


def write_trial(storage: Path, key: str, config: TrialConfig, metrics: np.ndarray) -> None:
    """A finished trial's directory: its documents and what its validations measured."""
    folder = storage / TRIALS / key
    (folder / METRICS_DIR).mkdir(parents=True)
    _write(folder / TRIAL_FILE, TrialRecord(key=key, config=config))
    _write(folder / RESULT_FILE, _result(key, config, *metrics[-1, :2]))
    with (folder / METRICS_DIR / "attempt-1.jsonl").open("w") as file:
        for number, values in enumerate(metrics.tolist(), start=1):
            step = number * EVERY
            line = {"kind": "evaluation", "attempt": 1, "step": step, "time": STARTED + step}
            line["values"] = dict(zip(METRICS, values, strict=True))
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def write_documents(storage: Path, key: str, config: TrialConfig, metrics: np.ndarray) -> None:
    """A finished trial's documents, its one attempt's included, and the metrics of its last validation."""
    folder = storage / TRIALS / key
    (folder / METRICS_DIR).mkdir(parents=True)
    (folder / ATTEMPTS_DIR).mkdir()
    result = _result(key, config, *metrics[-1, :2])
    _write(folder / TRIAL_FILE, TrialRecord(key=key, config=config))
    _write(folder / RESULT_FILE, result)
    times = {"started": result.provenance.started, "seen": result.provenance.finished}
    _write(
        folder / ATTEMPTS_DIR / ATTEMPT_NAME.of(1),
        AttemptRecord(attempt=1, host="node", process="", workers=2, device="cuda", ended="finished", **times),
    )
    line = {"kind": "evaluation", "attempt": 1, "step": EVALUATIONS * EVERY, "time": STARTED}
    line["values"] = {"m_j": metrics[-1, 0], "m_f": metrics[-1, 1]}
    (folder / METRICS_DIR / "attempt-1.jsonl").write_text(json.dumps(line) + "\n")


class ManyRuns:
    """The same trials in an MLflow store. Runs hold their metrics and the trial key and nothing else, so that they are
    read as fast as can be.

    Args:
        database: of an MLflow that has made an experiment in it.
        experiment: id of that experiment.
    """

    def __init__(self, database: Path, experiment: str) -> None:
        self._connection = sqlite3.connect(database)
        self._experiment = experiment

    def add(self, key: str, metrics: np.ndarray) -> None:
        """Adds the run of a trial; only the latest value of a metric, as searching reads no others."""
        run = key * 2
        times = int(STARTED * 1000), int(STARTED * 1000) + 1
        self._connection.execute(
            "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, "
            "artifact_uri, experiment_id) VALUES (?, ?, 'LOCAL', 'bench', 'FINISHED', ?, ?, 'active', '', ?)",
            (run, key, *times, self._experiment),
        )
        self._connection.execute("INSERT INTO tags VALUES ('combo.trial_key', ?, ?)", (key, run))
        self._connection.executemany(
            "INSERT INTO latest_metrics VALUES (?, ?, ?, ?, 0, ?)",
            [
                (f"val/{name}", value, times[1], EVALUATIONS * EVERY, run)
                for name, value in zip(METRICS, metrics[-1].tolist(), strict=True)
            ],
        )

    def close(self) -> None:
        """Stores everything."""
        self._connection.commit()
        self._connection.close()


def _write(path: Path, record: Record) -> None:
    path.write_text(record.model_dump_json(indent=1) + "\n")


def _result(key: str, config: TrialConfig, m_j: float, m_f: float) -> ResultRecord:
    score = ScoreRecord(j_sum=m_j * CLIPS, f_sum=m_f * CLIPS, count=CLIPS)
    files = ["scores.parquet", "checkpoints/best-00090000/model.safetensors", "metrics/attempt-1.jsonl"]
    return ResultRecord(
        key=key,
        protocol=ProtocolRecord(
            name="avsbench-binary",
            version=1,
            split="test",
            f_pooling="clip",
            thresholds=255,
            beta_squared=0.3,
            empty_mask_rule="J: share of background pixels predicted background; F: frame skipped",
        ),
        score=score,
        best_step=EVALUATIONS * EVERY,
        validation=score,
        parameters=100_000_000,
        trainable_parameters=90_000_000,
        checkpoint="checkpoints/best-00090000",
        checksums={file: os.urandom(32).hex() for file in files},
        provenance=Provenance(
            code_version="0.1.0",
            commit="c0ffee1c0ffe",
            data_fingerprint=config.data.fingerprint,
            packages={"torch": "2.15.0", "timm": "1.0.31", "numpy": "2.4.6", "ray": "2.60.0", "mlflow": "3.17.2"},
            device="NVIDIA H200",
            workers=2,
            attempts=1,
            started="2026-11-01T10:00:00+00:00",
            finished="2026-11-02T10:00:00+00:00",
            training_seconds=86_400.0,
        ),
        seconds_per_clip=0.02,
    )
