"""Trial directories on disk: the truth about what ran. Every document appears whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem
from experiments.expand import Trial
from experiments.identity import trial_key
from experiments.records import (
    CHECKPOINTS_DIR,
    EVALUATION_FILE,
    EVALUATIONS,
    FAILURE_FILE,
    METRICS_DIR,
    PICTURES_DIR,
    QUARANTINE_FILE,
    RESULT_FILE,
    SCORE_COLUMNS,
    SCORES_FILE,
    SWEEPS,
    TRIAL_FILE,
    TRIALS,
    EvaluationRecord,
    FailureRecord,
    MetricLine,
    QuarantineLine,
    Record,
    ResultRecord,
    TrialRecord,
)

if TYPE_CHECKING:
    from PIL.Image import Image

    from model.metrics.protocol import ClipScore

Stored = TypeVar("Stored", bound=Record)

DAMAGED = "restore it, or remove the trial folder to run it again"
"""What to do with a stored record that cannot be used."""


@dataclass(frozen=True)
class TrialFolder:
    """One trial's directory."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of training states and best weights."""
        return self.path / CHECKPOINTS_DIR

    @property
    def result(self) -> ResultRecord | None:
        """The outcome, once the trial is finished.

        Raises:
            InputError: the stored result is damaged.
        """
        return _read(self.path / RESULT_FILE, ResultRecord)

    @property
    def tested_checkpoint(self) -> Path | None:
        """Folder of the weights that were tested, once the trial is finished.

        Raises:
            InputError: the stored result is damaged, or names a place outside of this folder.
        """
        result = self.result
        if result is None:
            return None
        checkpoint = self.path / result.checkpoint
        if "\0" in result.checkpoint or not checkpoint.resolve().is_relative_to(self.path.resolve()):
            problem = f"names a checkpoint outside of the trial folder, {result.checkpoint!r}"
            raise InputError(Problem(str(self.path / RESULT_FILE), problem, DAMAGED))
        return checkpoint

    @property
    def failure(self) -> FailureRecord | None:
        """Why the last attempt ended early, if it did."""
        return _read(self.path / FAILURE_FILE, FailureRecord)

    @property
    def has_checkpoint(self) -> bool:
        """Whether a training state was written; it may still turn out to be damaged."""
        return any(self.checkpoints.glob("step-*[0-9]"))

    @property
    def steps_done(self) -> int:
        """Optimiser steps behind the newest training state, damaged or not."""
        names = (path.name for path in self.checkpoints.glob("step-*[0-9]"))
        return max((int(name.removeprefix("step-")) for name in names), default=0)

    @property
    def attempts(self) -> int:
        """Executions started so far."""
        return len(list((self.path / METRICS_DIR).glob("attempt-*.jsonl")))

    def metrics_file(self, attempt: int) -> Path:
        """Where an attempt writes its `MetricLine`s."""
        return self.path / METRICS_DIR / f"attempt-{attempt}.jsonl"

    def metric_lines(self) -> Iterator[MetricLine]:
        """What all attempts measured, in the order of the attempts; lines that a kill tore are passed over."""
        for attempt in range(1, self.attempts + 1):
            for text in self.metrics_file(attempt).read_bytes().splitlines():
                with suppress(ValidationError):
                    yield MetricLine.model_validate_json(text)

    def seconds_spent(self) -> float:
        """Time from the first to the last line of each attempt, summed."""
        spans: dict[int, tuple[float, float]] = {}
        for line in self.metric_lines():
            first, _ = spans.get(line.attempt, (line.time, line.time))
            spans[line.attempt] = first, line.time
        return sum(last - first for first, last in spans.values())

    def quarantine_lines(self) -> Iterator[QuarantineLine]:
        """What all attempts could not use, in the order in which it was found; damaged lines are passed over."""
        for line in _lines(self.path / QUARANTINE_FILE):
            with suppress(ValidationError):
                yield QuarantineLine.model_validate_json(line)

    def add_quarantined(self, line: QuarantineLine) -> None:
        """Notes a clip that an attempt could not use."""
        path = self.path / QUARANTINE_FILE
        write_atomic(path, b"".join(known + b"\n" for known in (*_lines(path), line.model_dump_json().encode())))

    def check_identity(self, trial: Trial) -> bool:
        """Whether the identity is stored already.

        Raises:
            InputError: the folder holds another trial or a damaged record.
        """
        stored = _read(self.path / TRIAL_FILE, TrialRecord)
        if stored is not None and trial_key(stored.config) != trial.key:
            problem = f"holds another trial than its name says ({trial_key(stored.config)})"
            raise InputError(Problem(str(self.path / TRIAL_FILE), problem, "move the folder away"))
        return stored is not None

    def begin(self, trial: Trial) -> None:
        """Stores the identity, once, and forgets how the attempt before ended.

        Raises:
            InputError: the folder holds another trial or a damaged record.
        """
        if not self.check_identity(trial):
            write_atomic(self.path / TRIAL_FILE, _document(TrialRecord(key=trial.key, config=trial.config)))
        (self.path / FAILURE_FILE).unlink(missing_ok=True)

    def write_scores(self, clips: Sequence[ClipScore]) -> Path:
        """Per-clip scores as Parquet."""
        return _write_scores(self.path / SCORES_FILE, clips)

    def write_picture(self, name: str, picture: Image) -> Path:
        """A qualitative result as PNG."""
        buffer = io.BytesIO()
        picture.save(buffer, format="PNG")
        return write_atomic(self.path / PICTURES_DIR / name, buffer.getvalue())

    def write_result(self, result: ResultRecord) -> None:
        """The last write of a trial: from now on it is finished."""
        write_atomic(self.path / RESULT_FILE, _document(result))
        (self.path / FAILURE_FILE).unlink(missing_ok=True)

    def write_failure(self, failure: FailureRecord) -> None:
        """Notes how an attempt ended."""
        write_atomic(self.path / FAILURE_FILE, _document(failure))


@dataclass(frozen=True)
class EvaluationFolder:
    """One evaluation's directory."""

    path: Path

    @property
    def record(self) -> EvaluationRecord | None:
        """The outcome, once there is one.

        Raises:
            InputError: the stored record is damaged.
        """
        return _read(self.path / EVALUATION_FILE, EvaluationRecord)

    def write_scores(self, clips: Sequence[ClipScore]) -> Path:
        """Per-clip scores as Parquet."""
        return _write_scores(self.path / SCORES_FILE, clips)

    def write_record(self, record: EvaluationRecord) -> None:
        """The last write of an evaluation."""
        write_atomic(self.path / EVALUATION_FILE, _document(record))


@dataclass(frozen=True)
class Store:
    """All trials, evaluations and sweeps below one folder."""

    root: Path

    def finished(self) -> Iterator[tuple[TrialRecord, ResultRecord]]:
        """Identity and result of every finished trial whose documents are intact."""
        for path in sorted((self.root / TRIALS).glob(f"*/{RESULT_FILE}")):
            with suppress(InputError):
                trial, result = _read(path.parent / TRIAL_FILE, TrialRecord), _read(path, ResultRecord)
                if trial is not None and result is not None:
                    yield trial, result

    def trials(self) -> Iterator[TrialFolder]:
        """The directories of all trials there are, in the order of their keys."""
        for path in sorted((self.root / TRIALS).glob("[!.]*")):
            if path.is_dir():
                yield TrialFolder(path)

    def trial(self, key: str) -> TrialFolder:
        """The directory of a trial, whether or not it exists yet."""
        return TrialFolder(self.root / TRIALS / key)

    def evaluation(self, key: str) -> EvaluationFolder:
        """The directory of an evaluation, whether or not it exists yet."""
        return EvaluationFolder(self.root / EVALUATIONS / key)

    @property
    def imported(self) -> Path:
        """Folder of the imported checkpoints."""
        return self.root / "imported"

    @property
    def sound_cache(self) -> Path:
        """Embeddings of the frozen audio encoder, which all trials share; may be deleted at any time."""
        return self.root / "cache" / "sound"

    def sweep(self, name: str) -> Path:
        """What Ray keeps of a sweep."""
        return self.root / SWEEPS / name


def _write_scores(path: Path, clips: Sequence[ClipScore]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([asdict(clip) for clip in clips]).select(list(SCORE_COLUMNS))
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return write_atomic(path, buffer.getvalue())


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def _document(record: Record) -> bytes:
    return (record.model_dump_json(indent=1) + "\n").encode()


def _read(path: Path, model: type[Stored]) -> Stored | None:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        what = f"is damaged: {'.'.join(map(str, first['loc']))} {first['msg']}".replace(":  ", ": ")
        raise InputError(Problem(str(path), what, DAMAGED)) from None
