"""The stored form of a trial: the files that the orchestrator writes and the reports read.

<storage>/storage.json  the id of the storage, written once
<storage>/trials/<trial key>/
    trial.json        TrialRecord, written once
    checkpoints/      step-<n>/ training states and best-<n>/ weights
    attempts/         <n>.json, one AttemptRecord for each execution; <n>.stop asks that one to stop
    metrics/          attempt-<n>.jsonl, one MetricLine per line
    logs/             attempt-<n>.log, what its process said; absent when it was silent
    code/             attempt-<n>.patch, what its code had beyond its commit; absent when that was nothing
    pictures/         qualitative results, PNG
    previews/         attempt-<n>.npz, a few validation clips as its newest weights segment them, see `preview_record`
    predictions/      <clip>.npz, what the tested weights make of a few test clips, see `prediction_record`
    quarantine.jsonl  clips that could not be used, one QuarantineLine per line; absent when there were none
    failure.json      FailureRecord of the last attempt, while it is not finished
    scores.parquet    per-clip scores of the test split, columns SCORE_COLUMNS
    result.json       ResultRecord, written last and once: its existence means finished
    reproductions/    <n>.json, one `reproduction_record.ReproductionRecord` for each time it was trained again
    earlier/<n>/      what came of the attempts up to <n>, as it was when `combo run --rerun` began anew
<storage>/evaluations/<evaluation key>/
    scores.parquet    as above
    evaluation.json   EvaluationRecord of weights that were scored by themselves, written last
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from experiments.stored_types import (
    Count,
    EpochSeconds,
    Moment,
    Ordinal,
    Positive,
    Process,
    Seconds,
    Sum,
    WorkerCount,
)
from model.config import Fraction, TrialConfig
from model.manifest import WEIGHTS_FILE
from model.numbered_names import BEST_WEIGHTS, NumberedName

STORAGE_FILE = "storage.json"
TRIALS = "trials"
SWEEPS = "sweeps"
EVALUATIONS = "evaluations"
EVALUATION_FILE = "evaluation.json"
TRIAL_FILE = "trial.json"
RESULT_FILE = "result.json"
FAILURE_FILE = "failure.json"
SCORES_FILE = "scores.parquet"
QUARANTINE_FILE = "quarantine.jsonl"
ATTEMPTS_DIR = "attempts"
LOGS_DIR = "logs"
METRICS_DIR = "metrics"
CHECKPOINTS_DIR = "checkpoints"
CODE_DIR = "code"
EARLIER_DIR = "earlier"
PICTURES_DIR = "pictures"
PREDICTIONS_DIR = "predictions"
PREVIEWS_DIR = "previews"

ATTEMPT_NAME = NumberedName(after=".json")
"""Name of a file in `attempts/`."""
METRICS_NAME = NumberedName("attempt-", ".jsonl")
"""Name of a file in `metrics/`."""
LOG_NAME = NumberedName("attempt-", ".log")
"""Name of a file in `logs/`."""
PREVIEWS_NAME = NumberedName("attempt-", ".npz")
"""Name of a file in `previews/`."""
PATCH_NAME = NumberedName("attempt-", ".patch")
"""Name of a file in `code/`."""
STOP_NAME = NumberedName(after=".stop")
"""Name of a file in `attempts/` that asks an attempt to stop."""

SCORE_COLUMNS = ("clip", "category", "m_j", "m_f", "frames", "empty_frames", "classes")
"""Clip id, its category, region similarity and F-score in [0, 1], frames scored, frames without an object; and for AVSS
a list of structs with the fields CLASS_FIELDS, null for S4 and MS3. Older files lack the last column."""
VALIDATION_SCORES = ("m_j", "m_f")
"""Keys of the validation scores, fractions, among the values of an evaluation's line."""
CLASS_FIELDS = ("id", "j_sum", "f_sum", "frames")
"""Fields of each class that is predicted or present in the clip: its id, the sums of J and F over the frames with it,
and the number of these frames. The sums of all clips give the data set's score to the last bit."""


class Record(BaseModel):
    """A stored document; unknown keys mean another version wrote it and are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


class TrialRecord(Record):
    """The identity of a trial, written before it first runs."""

    key: str
    config: TrialConfig


class MetricLine(Record):
    """One line of a metrics file: the scalars of one optimiser step, of one evaluation, or of the machine meanwhile.

    A gradient that overflows in half precision has an infinite norm; JSON holds it as text.
    """

    model_config = ConfigDict(ser_json_inf_nan="strings")

    kind: Literal["step", "evaluation", "system"]
    attempt: Ordinal
    step: Count
    time: EpochSeconds
    """Seconds since the epoch."""
    values: dict[str, float]

    @model_validator(mode="after")
    def _scores_are_fractions(self) -> MetricLine:
        scores = [self.values[name] for name in VALIDATION_SCORES if name in self.values]
        if self.kind == "evaluation" and not all(0 <= score <= 1 for score in scores):
            raise ValueError("a score lies outside [0, 1]")
        return self


Ending = Literal["finished", "failed", "preempted", "stopped", "pruned"]
"""How an attempt ends: with a result, with an error, because its machine goes, because it was asked to, or because
early stopping gave it up."""


class AttemptRecord(Record):
    """One execution of a trial. Creating this file acquires the lease on the trial; its heartbeat renews it."""

    attempt: Ordinal
    host: str
    process: Process
    """Identifies the process that writes the trial, for those on the same machine; empty if it cannot be known."""
    workers: WorkerCount
    device: str
    commit: str | None = None
    """Git commit of the code, as in `Provenance`; None in older records too."""
    started: str
    """ISO 8601 in UTC. Shown to people only, as clocks may jump."""
    beat: Count = 0
    """Counter that grows while the attempt runs. Other processes check by their own clock whether it changes."""
    seen: str = ""
    """When the last heartbeat was written, in the same form and for the same use as `started`."""
    step: Count = 0
    best: Fraction | None = None
    """Best validation M_J so far, in [0, 1]."""
    ended: Ending | None = None
    reason: str = ""
    """Why it failed, if it did."""


class QuarantineLine(Record):
    """One line of the quarantine file: a clip that an attempt could not use."""

    attempt: Ordinal
    split: str
    clip: str
    reason: str


class ProtocolRecord(Record):
    """How a score was computed. Scores of different protocols are never put in one column."""

    name: str
    version: Count
    split: str
    f_pooling: str
    """Over which frames F's best threshold is chosen: `clip`, `batch of 4 clips`, `frame_class` or `dataset`."""
    thresholds: Ordinal
    beta_squared: Positive
    empty_mask_rule: str

    @property
    def label(self) -> str:
        """Short form for tables, such as `avsbench-binary@1 (test)`."""
        return f"{self.name}@{self.version} ({self.split})"


class ScoreRecord(Record):
    """Dataset scores as sums and counts, so that shards add up exactly."""

    j_sum: Sum
    f_sum: Sum
    count: Ordinal
    """Clips (S4, MS3), batches of them, or classes (AVSS) behind the sums."""

    @model_validator(mode="after")
    def _are_fractions(self) -> ScoreRecord:
        if max(self.j_sum, self.f_sum) > self.count:
            raise ValueError("a score lies outside [0, 1]")
        return self

    @property
    def m_j(self) -> float:
        """Region similarity in [0, 1]."""
        return self.j_sum / self.count

    @property
    def m_f(self) -> float:
        """F-score in [0, 1]."""
        return self.f_sum / self.count


class Provenance(Record):
    """What made a result."""

    code_version: str
    commit: str | None
    """Git commit of the code, with `+dirty` when the tree had changes or files that git does not know, then a dot and a
    digest of the code among them, which older records lack; None outside a checkout; `unknown` and the reason where
    git did not tell."""
    data_fingerprint: str
    packages: dict[str, str]
    device: str
    workers: WorkerCount
    attempts: Ordinal
    started: Moment
    finished: Moment
    weight_files: dict[str, str] = {}
    """SHA-256 of the files that gave `vggish` and `backbone` their weights; the backbone's is absent where timm did."""
    training_seconds: Seconds
    """Summed over attempts, evaluation included."""


class ResultRecord(Record):
    """The outcome of a finished trial."""

    schema_version: Literal[1] = 1
    key: str
    protocol: ProtocolRecord
    score: ScoreRecord
    best_step: Ordinal
    """Step of the checkpoint with the best validation score, the one that was tested."""
    validation: ScoreRecord
    parameters: Ordinal
    trainable_parameters: Count
    checkpoint: str
    """Path of the tested checkpoint, relative to the trial directory."""
    checksums: dict[str, str]
    """SHA-256 of every file of the result, by path relative to the trial directory."""
    provenance: Provenance
    seconds_per_clip: Seconds | None = None
    """Time of the network alone for one test clip, on the device of the provenance; None in older results."""
    quarantined: dict[str, list[str]] = {}
    """Clips by split that could not be used: others took their place in training, the scores leave them out."""

    @model_validator(mode="after")
    def _names_what_was_tested(self) -> ResultRecord:
        place = PurePosixPath(self.checkpoint)
        if place.is_absolute() or ".." in place.parts or "\0" in self.checkpoint:
            raise ValueError(f"names a checkpoint outside of the trial folder, {self.checkpoint!r}")
        tested = f"{CHECKPOINTS_DIR}/{BEST_WEIGHTS.of(self.best_step)}"
        if self.checkpoint != tested:
            raise ValueError(f"checkpoint is {self.checkpoint!r}, but weights of best_step lie in {tested!r}")
        missing = {f"{tested}/{WEIGHTS_FILE}", SCORES_FILE} - self.checksums.keys()
        if missing:
            raise ValueError(f"checksums lack {min(missing)!r}")
        if self.trainable_parameters > self.parameters:
            raise ValueError("more parameters are trainable than there are")
        return self


FailureCategory = Literal[
    "diverged",
    "out-of-memory",
    "import-error",
    "exception",
    "worker-died",
    "node-lost",
    "hung",
    "preempted",
    "disk-full",
    "storage",
    "not-permitted",
]


class FailureRecord(Record):
    """How an attempt ended without a result."""

    attempt: Count
    category: FailureCategory = "exception"
    kind: str
    """Name of the exception's class."""
    message: str
    time: Moment


class WeightsRecord(Record):
    """The weights that an evaluation scored."""

    config: TrialConfig
    """Configuration of the trial that they belong to; its data fingerprint is that of the training data."""
    origin: Literal["trained", "official"]
    """Trained here, or imported from a file in the form of the authors' release."""
    file: str
    """Name of the imported file; empty for weights trained here."""
    file_sha256: str
    source: str = ""
    """Where the authors published the file, as its importer states; empty where nobody states that they did."""
    step: Count
    sha256: str
    """Checksum of the weights as stored here."""

    @property
    def is_official(self) -> bool:
        """Whether somebody states that the authors released them."""
        return self.origin == "official" and self.source != ""


class EvaluationRecord(Record):
    """Scores of weights on a split, apart from any training."""

    schema_version: Literal[1] = 1
    key: str
    weights: WeightsRecord
    protocol: ProtocolRecord
    score: ScoreRecord
    data_fingerprint: str
    quarantined: list[str]
    """Clips that could not be used and are not part of the score."""
    code_version: str
    commit: str | None
    packages: dict[str, str]
    device: str
    finished: Moment
    seconds: Seconds
    checksums: dict[str, str]
    """SHA-256 of the files beside this record, by name."""
