"""Finished trials as the orchestrator stores them, every number of which follows from their clips; without training."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import (
    EVALUATION_FILE,
    METRICS_DIR,
    SCORES_FILE,
    EvaluationRecord,
    MetricLine,
    Provenance,
    ResultRecord,
    ScoreRecord,
    WeightsRecord,
)
from experiments.trial import Trial
from model.config import CLASSES
from model.manifest import MANIFEST_FILE, manifest_checksum
from model.metrics.protocol import ClipScore, Score, protocol_for
from model.weights.stored_model import describe
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.provenance import protocol_record, score_record

CLIPS = 12
FINGERPRINTS = {"s4": "4" * 16, "avss": "a" * 16}


def smoke_trials(seeds: tuple[int, ...] = (0, 1)) -> list[Trial]:
    """Table 7 at its smallest scale, bound to data."""
    trials = expand(load_experiment("combo/table7", "smoke", {"seeds": list(seeds)}))
    return [trial.on_data(FINGERPRINTS[trial.task]) for trial in trials]


def scored(trial: Trial, clips: int = CLIPS) -> tuple[list[ClipScore], Score]:
    """What the protocol of the trial's task makes of random predictions: better with a higher λ_ada, and by seed."""
    weight = getattr(trial.config.loss, "lambda_ada", 0.0)  # other models have none
    generator = torch.Generator().manual_seed(1000 * trial.seed + int(weight))
    truth = torch.Generator().manual_seed(0)
    protocol, classes, outcomes = protocol_for(trial.task), CLASSES[trial.task], []
    for clip in range(clips):
        labels = torch.randint(0, min(classes, 4), (5, 8, 8), generator=truth)
        scores = torch.randn(5, classes, 8, 8, generator=generator)
        scores += (0.6 + weight / 20) * torch.nn.functional.one_hot(labels, classes).movedim(3, 1)
        outcomes.append(protocol.score_clip(scores, labels, f"clip-{clip}", "dog"))
    return [clip for clip, _ in outcomes], protocol.dataset_score([totals for _, totals in outcomes])


class WholeStorage:
    """Writes trials below a folder, through the orchestrator's own store."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(FolderStorage(root))

    def folder(self, trial: Trial) -> Path:
        return self.store.trial(trial.key).path

    def finish(self, trial: Trial, clips: int = CLIPS, **provenance: object) -> Path:
        """A trial that was continued once; `provenance` replaces parts of the result's."""
        folder, path = self.store.trial(trial.key), self.folder(trial)
        folder.begin(trial)
        per_clip, score = scored(trial, clips)
        validation = Score(0.4 * clips, 0.5 * clips, clips)
        weights = path / "checkpoints/best-00000010/model.safetensors"
        weights.parent.mkdir(parents=True)
        weights.write_bytes(trial.key.encode() * 100)
        self._describe(weights, trial)
        state = path / "checkpoints/step-00000020"
        state.mkdir()
        (state / "model.safetensors").write_bytes(b"state")
        (path / METRICS_DIR).mkdir()
        # The second attempt repeats step 10 and is worse at step 20, so the weights of step 10 were tested.
        self._measure(path, 1, {5: 0.1, 10: 0.3})
        self._measure(path, 2, {10: validation.m_j, 20: 0.35})
        files = [folder.write_scores(per_clip), weights, path / METRICS_DIR / "attempt-2.jsonl"]
        made = Provenance(
            code_version="0.1.0",
            commit="c0ffee1",
            data_fingerprint=trial.config.data.fingerprint,
            packages={"torch": "2.13.0"},
            device="cpu",
            workers=1,
            attempts=2,
            started="2026-11-01T10:00:00+00:00",
            finished="2026-11-01T10:01:00+00:00",
            training_seconds=60.0,
        )
        folder.write_result(
            ResultRecord(
                key=trial.key,
                protocol=protocol_record(protocol_for(trial.task).rules, "test"),
                score=score_record(score),
                best_step=10,
                validation=ScoreRecord(j_sum=validation.j_sum, f_sum=validation.f_sum, count=validation.count),
                parameters=1_234_567,
                trainable_parameters=1_000_000,
                checkpoint="checkpoints/best-00000010",
                checksums={str(file.relative_to(path)): _checksum(file) for file in files},
                provenance=made.model_copy(update=provenance),
            )
        )
        return path

    def evaluate_imported(self, trial: Trial) -> Path:
        """The authors' weights under the trial's configuration, scored by themselves; the path of the record."""
        per_clip, score = scored(trial)
        folder = self.store.evaluation("e" * 16)
        weights = WeightsRecord(
            config=trial.config, origin="official", file="best.pth", file_sha256="a" * 64, step=0, sha256="b" * 64
        )
        folder.write_record(
            EvaluationRecord(
                key="e" * 16,
                weights=weights,
                protocol=protocol_record(protocol_for(trial.task).rules, "test"),
                score=score_record(score),
                data_fingerprint=trial.config.data.fingerprint,
                quarantined=[],
                code_version="0.1.0",
                commit="c0ffee1",
                packages={},
                device="cpu",
                finished="2026-11-01T10:00:00+00:00",
                seconds=1.0,
                checksums={SCORES_FILE: _checksum(folder.write_scores(per_clip))},
            )
        )
        return folder.path / EVALUATION_FILE

    def agree_again(self, trial: Trial) -> None:
        """Gives the result the checksums of its files as they are now, as a careful forger would."""
        path = self.folder(trial)
        result = ResultRecord.model_validate_json((path / "result.json").read_bytes())
        checksums = {name: _checksum(path / name) for name in result.checksums}
        (path / "result.json").write_text(result.model_copy(update={"checksums": checksums}).model_dump_json())

    @staticmethod
    def _describe(weights: Path, trial: Trial) -> None:
        """What weights say of themselves, as `model.weights.folder` writes it."""
        said = {**describe(trial.config, 10), "checksums": {weights.name: _checksum(weights)}}
        manifest = {**said, "own_checksum": manifest_checksum(said)}
        (weights.parent / MANIFEST_FILE).write_text(json.dumps(manifest))

    @staticmethod
    def _measure(path: Path, attempt: int, validations: dict[int, float]) -> None:
        lines = [
            MetricLine(kind=kind, attempt=attempt, step=step, time=1e9 + 100 * attempt + step, values=values)
            for step, m_j in validations.items()
            for kind, values in (("step", {"loss_total": 1.0}), ("evaluation", {"m_j": m_j, "m_f": m_j + 0.1}))
        ]
        text = "".join(f"{line.model_dump_json()}\n" for line in lines)
        (path / METRICS_DIR / f"attempt-{attempt}.jsonl").write_text(text)


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
