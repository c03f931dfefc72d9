"""A storage folder with trial directories as the orchestrator writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from experiments.load_experiment import load_experiment
from experiments.records import (
    ATTEMPTS_DIR,
    CHECKPOINTS_DIR,
    EVALUATION_FILE,
    EVALUATIONS,
    FAILURE_FILE,
    METRICS_DIR,
    PICTURES_DIR,
    RESULT_FILE,
    SCORE_COLUMNS,
    SCORES_FILE,
    TRIAL_FILE,
    TRIALS,
    AttemptRecord,
    EvaluationRecord,
    FailureRecord,
    MetricLine,
    ProtocolRecord,
    Provenance,
    Record,
    ResultRecord,
    ScoreRecord,
    TrialRecord,
    WeightsRecord,
)
from experiments.scaled_experiment import ScaledExperiment
from experiments.schema import Scale
from experiments.trial import Trial
from model.config import TrialConfig
from model.manifest import MANIFEST_FILE, manifest_checksum

FINGERPRINT = "d" * 16
CLIPS = 40
DEMO_NOTE = "Demo scale: a small network on synthetic clips; not a reproduction of the paper's numbers."
PROTOCOL = ProtocolRecord(
    name="avsbench-binary",
    version=1,
    split="test",
    f_pooling="clip",
    thresholds=255,
    beta_squared=0.3,
    empty_mask_rule="background-iou, skipped in F",
)


def make_experiment(
    scale: str = "small", seeds: tuple[int, ...] = (0,), note: str = DEMO_NOTE, **changes: Any
) -> ScaledExperiment:
    """Table 7 with a scale that trains S4 only; `changes` replace parts of the experiment."""
    scaled = load_experiment("combo/table7")
    scales = {"small": Scale(tasks=["s4"], seeds=list(seeds), note=note, overrides={"training.iterations": 300})}
    experiment = scaled.experiment.model_copy(update={"scales": scales, **changes})
    return replace(scaled, scale=scale, experiment=experiment)


@dataclass
class Storage:
    """Writes trial directories below `root`."""

    root: Path

    def folder(self, trial: Trial) -> Path:
        return self.root / TRIALS / trial.key

    def start(self, trial: Trial, evaluations: tuple[float, ...] = (0.2, 0.4, 0.5)) -> Path:
        folder = self.folder(trial)
        (folder / METRICS_DIR).mkdir(parents=True, exist_ok=True)
        self.write(folder / TRIAL_FILE, TrialRecord(key=trial.key, config=trial.config))
        lines = [
            MetricLine(kind=kind, attempt=1, step=100 * index, time=1.0 * index, values={name: value})
            for index, value in enumerate(evaluations, start=1)
            for kind, name in (("step", "loss"), ("evaluation", "m_j"))
        ]
        (folder / METRICS_DIR / "attempt-1.jsonl").write_text("".join(f"{line.model_dump_json()}\n" for line in lines))
        return folder

    def fail(self, trial: Trial, attempts: int = 1, **changes: Any) -> Path:
        """A trial whose attempts all failed; `changes` replace parts of the failure."""
        folder = self.start(trial)
        (folder / ATTEMPTS_DIR).mkdir(exist_ok=True)
        for attempt in range(1, attempts + 1):
            record = AttemptRecord(
                attempt=attempt,
                host="node-1",
                process="",
                workers=trial.workers,
                device="cpu",
                started="2026-11-01T10:00:00Z",
                step=100 * attempt,
                ended="failed",
                reason="loss is NaN",
            )
            self.write(folder / ATTEMPTS_DIR / f"{attempt}.json", record)
        failure = FailureRecord(
            attempt=attempts,
            category="diverged",
            kind="DivergedError",
            message="loss is NaN",
            time="2026-11-01T10:01:00Z",
        ).model_copy(update=changes)
        self.write(folder / FAILURE_FILE, failure)
        return folder

    def finish(self, trial: Trial, m_j: float, m_f: float, protocol: ProtocolRecord = PROTOCOL, **changes: Any) -> Path:
        """`changes` replace parts of the provenance."""
        folder = self.start(trial, (max(0.0, m_j - 0.2), max(0.0, m_j - 0.05), m_j))
        checkpoint = f"{CHECKPOINTS_DIR}/best-00000300"
        (folder / checkpoint).mkdir(parents=True, exist_ok=True)
        (folder / checkpoint / "model.safetensors").write_bytes(trial.key.encode())
        self._write_scores(folder / SCORES_FILE, m_j, m_f)
        self._write_picture(folder / PICTURES_DIR / "clip-0.png", trial.seed)
        score = ScoreRecord(j_sum=m_j * CLIPS, f_sum=m_f * CLIPS, count=CLIPS)
        provenance = Provenance(
            code_version="0.1.0",
            commit="c0ffee1",
            data_fingerprint=trial.config.data.fingerprint or FINGERPRINT,
            packages={"torch": "2.13.0"},
            device="cpu",
            workers=trial.workers,
            attempts=1,
            started="2026-11-01T10:00:00Z",
            finished="2026-11-01T10:01:00Z",
            training_seconds=61.5,
        ).model_copy(update=changes)
        files = [f"{checkpoint}/model.safetensors", SCORES_FILE]
        result = ResultRecord(
            key=trial.key,
            protocol=protocol,
            score=score,
            best_step=300,
            validation=score,
            parameters=1_234_567,
            trainable_parameters=1_000_000,
            checkpoint=checkpoint,
            checksums={file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in files},
            provenance=provenance,
        )
        self.write(folder / RESULT_FILE, result)
        return folder

    def vouch(self, trial: Trial) -> None:
        """Lets the files of a finished trial vouch for each other, as those of a real one do."""
        folder = self.folder(trial)
        values = json.loads((folder / RESULT_FILE).read_text())
        metrics, tested = f"{METRICS_DIR}/attempt-1.jsonl", folder / values["checkpoint"]
        values["checksums"][metrics] = hashlib.sha256((folder / metrics).read_bytes()).hexdigest()
        (folder / RESULT_FILE).write_text(json.dumps(values))
        said = {
            "step": values["best_step"],
            "config": trial.config.model_dump(mode="json"),
            "checksums": {"model.safetensors": values["checksums"][f"{values['checkpoint']}/model.safetensors"]},
        }
        manifest = {**said, "own_checksum": manifest_checksum(said)}
        (tested / MANIFEST_FILE).write_text(json.dumps(manifest))

    def evaluate_imported(
        self, config: TrialConfig, m_j: float, key: str = "e" * 16, source: str = "example.org/combo", **changes: Any
    ) -> Path:
        """The authors' weights, imported under a configuration and scored; `changes` replace parts of the record."""
        weights = WeightsRecord(
            config=config,
            origin="official",
            file="model_best.pth",
            file_sha256="a" * 64,
            source=source,
            step=0,
            sha256="b" * 64,
        )
        record = EvaluationRecord(
            key=key,
            weights=weights,
            protocol=PROTOCOL,
            score=ScoreRecord(j_sum=m_j * CLIPS, f_sum=m_j * CLIPS, count=CLIPS),
            data_fingerprint=FINGERPRINT,
            quarantined=[],
            code_version="0.1.0",
            commit="c0ffee1",
            packages={"torch": "2.13.0"},
            device="cpu",
            finished="2026-11-01T10:00:00Z",
            seconds=12.5,
            checksums={},
        ).model_copy(update=changes)
        path = self.root / EVALUATIONS / key / EVALUATION_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(path, record)
        return path

    @staticmethod
    def write(path: Path, record: Record) -> None:
        path.write_text(record.model_dump_json(indent=1))

    @staticmethod
    def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(values))

    @staticmethod
    def _write_scores(path: Path, m_j: float, m_f: float) -> None:
        offsets = np.linspace(-0.05, 0.05, CLIPS)
        columns = [
            [f"clip-{index}" for index in range(CLIPS)],
            ["dog"] * CLIPS,
            m_j + offsets,
            m_f - offsets,
            [5] * CLIPS,
            [0] * CLIPS,
            [None] * CLIPS,
        ]
        pd.DataFrame(dict(zip(SCORE_COLUMNS, columns, strict=True))).to_parquet(path)

    @staticmethod
    def _write_picture(path: Path, seed: int) -> None:
        path.parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 255, (24, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
