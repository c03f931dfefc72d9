"""Scores stored weights by themselves: no training, the same data and protocol objects as a trial's own test."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from experiments.identity import KEY_LENGTH, canonical_json
from experiments.records import SCORES_FILE, EvaluationRecord, WeightsRecord
from model.data.avsbench import AVSBench
from model.metrics.protocol import Protocol
from model.training.audio_embeddings import audio_embedder
from model.training.evaluate import evaluate
from model.training.workers import Workers
from model.weights.folder import file_checksum
from model.weights.stored_model import Origin, StoredModel, load_model
from orchestrator.commit import current_commit
from orchestrator.store.evaluation_folder import EvaluationFolder
from orchestrator.store.store import Store
from orchestrator.trial.provenance import (
    code_version,
    device_name,
    now,
    package_versions,
    protocol_record,
    score_record,
)


class Evaluation:
    """One checkpoint on one split under one protocol; the same three always have the same key.

    Args:
        stored: the weights.
        data: data folder.
        fingerprint: of the subset that the weights' task asks for.
        protocol: how to score.
        split: train, val or test.
        store: where the outcome is kept.
    """

    def __init__(
        self, stored: StoredModel, data: Path, fingerprint: str, protocol: Protocol, split: str, store: Store
    ) -> None:
        self._stored, self._protocol, self._store = stored, protocol, store
        self._protocol_record = protocol_record(protocol.rules, split)
        self._fingerprint = fingerprint
        self.dataset = AVSBench.configured(stored.config, data, split)
        identity = [
            stored.checksum,
            _identity(stored.origin),
            canonical_json(stored.config),
            self._protocol_record.model_dump(mode="json"),
            fingerprint,
        ]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode())
        self.key = digest.hexdigest()[:KEY_LENGTH]

    @property
    def folder(self) -> EvaluationFolder:
        """Where the outcome is kept."""
        return self._store.evaluation(self.key)

    def run(self, device: str, on_clip: Callable[[], None], clips_at_once: int = 1) -> EvaluationRecord:
        """Scores every clip and stores the outcome.

        Args:
            device: a torch device.
            on_clip: called after each clip.
            clips_at_once: how many pass the network together.

        Raises:
            DataError: clips cannot be read.
            CheckpointError: the weights do not fit their own configuration.
        """
        import torch

        began = time.monotonic()
        torch_device = torch.device(device)
        model = load_model(self._stored, torch_device)
        embed_audio = audio_embedder(model, self._store.sound_cache)
        place = (embed_audio, Workers(), torch_device)
        outcome = evaluate(model, self.dataset, self._protocol, *place, on_clip, clips_at_once=clips_at_once)
        scores = self.folder.write_scores(outcome.clips)
        record = EvaluationRecord(
            key=self.key,
            weights=_weights_record(self._stored),
            protocol=self._protocol_record,
            score=score_record(outcome.score),
            data_fingerprint=self._fingerprint,
            quarantined=sorted(self.dataset.entries[index].name for index in self.dataset.quarantine.reasons),
            code_version=code_version(),
            commit=current_commit(),
            packages=package_versions(self._stored.config.model.name),
            device=device_name(device),
            finished=now(),
            seconds=round(time.monotonic() - began, 3),
            checksums={SCORES_FILE: file_checksum(scores)},
        )
        self.folder.write_record(record)
        return record


def _identity(origin: Origin) -> dict[str, str]:
    """Parts of an origin that are hashed; an empty source is left out, so that keys of older evaluations stay."""
    return {name: value for name, value in asdict(origin).items() if value or name != "source"}


def _weights_record(stored: StoredModel) -> WeightsRecord:
    return WeightsRecord(
        config=stored.config,
        origin=stored.origin.kind,
        file=stored.origin.file,
        file_sha256=stored.origin.sha256,
        source=stored.origin.source,
        step=stored.step,
        sha256=stored.checksum,
    )
