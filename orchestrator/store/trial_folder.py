"""One trial's directory in storage: fetching it, and writing what an attempt makes."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.records import (
    CHECKPOINTS_DIR,
    CODE_DIR,
    EARLIER_DIR,
    FAILURE_FILE,
    METRICS_DIR,
    METRICS_NAME,
    PATCH_NAME,
    PICTURES_DIR,
    QUARANTINE_FILE,
    RESULT_FILE,
    SCORES_FILE,
    TRIAL_FILE,
    FailureRecord,
    QuarantineLine,
    ResultRecord,
    TrialRecord,
)
from experiments.reproduction_record import REPRODUCTION_NAME, REPRODUCTIONS_DIR, ReproductionRecord
from experiments.trial import Trial
from model.numbered_names import BEST_WEIGHTS, TRAINING_STATE
from orchestrator.storage.storage import Storage
from orchestrator.store.stored_documents import (
    record_bytes,
    score_bytes,
    stored_lines,
)
from orchestrator.store.trial_documents import TrialDocuments

if TYPE_CHECKING:
    from PIL.Image import Image

    from model.metrics.protocol import ClipScore

log = logging.getLogger(__name__)

DOCUMENTS = (".json", ".jsonl", ".stop")


class TrialFolder(TrialDocuments):
    """One trial's directory. What it reads is as new as the last fetch; what it writes is stored at once.

    Args:
        storage: of the trial.
        name: in storage, such as `trials/<key>`.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        super().__init__(storage.root / name)
        self.storage, self.name = storage, name

    def fetch(self) -> None:
        """Fetches documents, metrics and checkpoints, but nothing below `earlier/`."""
        earlier = f"{self.name}/{EARLIER_DIR}/"
        self.storage.fetch(self.name, lambda name: not name.startswith(earlier))

    def fetch_documents(self) -> None:
        """Fetches the documents, without metrics and checkpoints."""
        self.storage.fetch(self.name, is_document)

    def fetch_tested_checkpoint(self) -> Path | None:
        """Folder of the weights that were tested, made equal to what is stored; None if the trial is not finished.

        Raises:
            InputError: as for `tested_checkpoint`.
        """
        self.fetch_documents()
        folder = self.tested_checkpoint
        if folder is not None:
            self.storage.fetch(folder.relative_to(self.storage.root).as_posix())
        return folder

    def publish_metrics(self, attempt: int) -> None:
        """Stores what an attempt has measured so far."""
        self.storage.publish(f"{self.name}/{METRICS_DIR}/{METRICS_NAME.of(attempt)}")

    def publish_log(self, attempt: int) -> None:
        """Stores the log of an attempt so far, if there is any."""
        log_file = self.log_file(attempt)
        if log_file.exists():
            self.storage.publish(log_file.relative_to(self.storage.root).as_posix())

    def publish_checkpoints(self) -> None:
        """Stores checkpoints that are new here, then deletes stored ones that were pruned here.

        What lies beyond the newest one here stays: it is of another attempt, if this one was thought dead.
        """
        checkpoints = f"{self.name}/{CHECKPOINTS_DIR}"
        stored = {name.removeprefix(f"{checkpoints}/").partition("/")[0] for name in self.storage.sizes(checkpoints)}
        here = {kind.of(step): step for kind in (BEST_WEIGHTS, TRAINING_STATE) for step in self.steps(kind)}
        # Training states refer to frozen tensors, so these are stored first.
        for checkpoint in (*self.frozen_tensors, *here):
            self.storage.publish(f"{checkpoints}/{checkpoint}")
        newest = max(here.values(), default=-1)
        for pruned in sorted(stored - here.keys()):
            if 0 <= _step_of(pruned) <= newest:
                self.storage.delete(f"{checkpoints}/{pruned}")

    def add_quarantined(self, line: QuarantineLine) -> None:
        """Notes a clip that an attempt could not use."""
        lines = (*stored_lines(self.quarantine_file), line.model_dump_json().encode())
        self._write(QUARANTINE_FILE, b"".join(known + b"\n" for known in lines))

    def begin(self, trial: Trial) -> None:
        """Stores the identity, once, and deletes the failure record of the attempt before.

        Raises:
            InputError: the folder holds another trial, a damaged record, or something else where a file belongs.
        """
        self.check_files()
        is_known = self.check_identity(trial)
        if self.result is not None:
            log.warning("trial %s has a result already; another one will be dropped", trial.key)
        if not is_known:
            self._write(TRIAL_FILE, record_bytes(TrialRecord(key=trial.key, config=trial.config)))
        self.storage.delete(f"{self.name}/{FAILURE_FILE}")

    def write_patch(self, attempt: int, patch: str) -> None:
        """Notes what the code of an attempt has beyond its commit, if it has anything."""
        if patch:
            self._write(f"{CODE_DIR}/{PATCH_NAME.of(attempt)}", patch.encode())

    def write_scores(self, clips: Sequence[ClipScore]) -> Path:
        """Per-clip scores as Parquet; safe from a power loss once the result is written."""
        return self._write(SCORES_FILE, score_bytes(clips), flush=False)

    def write_picture(self, name: str, picture: Image) -> Path:
        """A qualitative result as PNG; safe from a power loss once the result is written."""
        buffer = io.BytesIO()
        picture.save(buffer, format="PNG")
        return self._write(f"{PICTURES_DIR}/{name}", buffer.getvalue(), flush=False)

    def write_result(self, result: ResultRecord) -> None:
        """The last write of a trial, once all that it names is stored: from now on the trial is finished.

        The first result stays; a later one is dropped. What it names and is no checkpoint, which is flushed when it is
        written, is flushed to disk together with it, before it appears.
        """
        content = record_bytes(result)
        self.publish_checkpoints()
        if self.metrics_file(result.provenance.attempts).exists():
            self.publish_metrics(result.provenance.attempts)
        evidence = [f"{self.name}/{file}" for file in result.checksums if not file.startswith(f"{CHECKPOINTS_DIR}/")]
        if not self.storage.create(f"{self.name}/{RESULT_FILE}", content, after=evidence):
            self.fetch_documents()
            log.warning("trial %s has a result already; a second one is dropped", result.key)
        self.storage.delete(f"{self.name}/{FAILURE_FILE}")

    def add_reproduction(self, record: ReproductionRecord) -> None:
        """Stores what training the trial again gave, beside those that there are."""
        content = record_bytes(record)
        number = max(self.numbers(REPRODUCTIONS_DIR, REPRODUCTION_NAME), default=0) + 1
        while not self.storage.create(f"{self.name}/{REPRODUCTIONS_DIR}/{REPRODUCTION_NAME.of(number)}", content):
            number += 1

    def write_failure(self, failure: FailureRecord) -> None:
        """Notes how an attempt ended; not what a user may not do, which says nothing of the trial for others."""
        if failure.category != "not-permitted":
            self._write(FAILURE_FILE, record_bytes(failure))

    def clear_failure(self, *, with_checkpoints: bool) -> None:
        """Deletes the failure record, so that the trial continues, or starts over without checkpoints."""
        if with_checkpoints:
            self.storage.delete(f"{self.name}/{CHECKPOINTS_DIR}")
        self.storage.delete(f"{self.name}/{FAILURE_FILE}")

    def _write(self, file: str, content: bytes, *, flush: bool = True) -> Path:
        self.storage.write(f"{self.name}/{file}", content, flush=flush)
        return self.path / file


def is_document(name: str) -> bool:
    """Whether a file says what a trial is and how far it has come; of a training state its manifest says that."""
    if is_in_checkpoint(name):
        return "/step-" in name and name.endswith("/manifest.json")
    return name.endswith(DOCUMENTS) and f"/{METRICS_DIR}/" not in name


def without_old_states(documents: set[str]) -> set[str]:
    """Documents, of training states' manifests only what still counts: the newest, until there is a result."""
    states: dict[str, list[str]] = {}
    for name in filter(is_in_checkpoint, documents):
        states.setdefault(name.partition(f"/{CHECKPOINTS_DIR}/")[0], []).append(name)
    unneeded = {
        name
        for trial, manifests in states.items()
        for name in manifests
        if f"{trial}/{RESULT_FILE}" in documents or name != max(manifests)
    }
    return documents - unneeded


def is_in_checkpoint(name: str) -> bool:
    """Whether a file is part of a checkpoint."""
    return f"/{CHECKPOINTS_DIR}/" in name


def _step_of(checkpoint: str) -> int:
    """At which a checkpoint was written; -1 for what is no checkpoint."""
    steps = (kind.number(checkpoint) for kind in (BEST_WEIGHTS, TRAINING_STATE))
    return next((step for step in steps if step is not None), -1)
