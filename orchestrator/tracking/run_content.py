"""What MLflow should hold of a trial, from its directory alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from experiments.identity import flatten
from experiments.records import (
    PICTURES_DIR,
    RESULT_FILE,
    SCORES_FILE,
    TRIAL_FILE,
    AttemptRecord,
    FailureRecord,
    ResultRecord,
    TrialRecord,
)
from model.regular_files import LARGEST_TABLE
from orchestrator.store.membership import Membership
from orchestrator.store.storage_identity import address
from orchestrator.store.stored_documents import check_there
from orchestrator.store.trial_folder import TrialFolder
from orchestrator.tracking.metric_points import PERCENT, MetricPoints, Point, percent, points_of
from orchestrator.tracking.timestamps import milliseconds, milliseconds_or_none
from orchestrator.trial.process_identity import is_dead
from orchestrator.trial.trial_state import TrialState, stored_state

TRIAL_TAG = "combo.trial_key"
SWEEPS_TAG = "combo.sweeps"
"""Names of the sweeps that asked for a trial, the first one first."""
RUNNING, FINISHED, FAILED, KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"
"""MLflow's words for the state of a run."""
STATUSES = {
    TrialState.FINISHED: FINISHED,
    TrialState.RUNNING: RUNNING,
    TrialState.FAILED: FAILED,
    TrialState.PREEMPTED: KILLED,
    TrialState.STOPPED: KILLED,
    TrialState.PRUNED: KILLED,
    TrialState.NEW: KILLED,
}
"""MLflow's word for the state of a trial that has begun; one without a result or a failure was killed."""
POINTS_VERSION = 2
"""Version of the conversion from metric lines to points; a new one makes every run be compared point by point."""
LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class RunContent:
    """A trial's run as it should be."""

    folder: TrialFolder
    trial: TrialRecord
    result: ResultRecord | None
    failure: FailureRecord | None
    attempts: list[AttemptRecord]
    sweeps: Sequence[Membership]
    """Sweeps that asked for it, the first one first."""
    running: bool

    @property
    def key(self) -> str:
        """The trial key."""
        return self.trial.key

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.sweeps[0].label if self.sweeps else self.key

    @property
    def status(self) -> str:
        """FINISHED means that there is a result, KILLED that the last attempt ended early without a failure."""
        state = stored_state(
            is_finished=self.result is not None,
            is_running=self.running,
            last_attempt=self.attempts[-1] if self.attempts else None,
            failure=self.failure,
            has_checkpoint=False,
        )
        return FAILED if state == TrialState.NEW and self.failure is not None else STATUSES[state]

    @property
    def params(self) -> dict[str, str]:
        """The resolved configuration."""
        return {name: str(value) for name, value in flatten(self.trial.config).items()}

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the run: identity, sweeps and outcome."""
        tags = {
            TRIAL_TAG: self.key,
            "combo.task": self.trial.config.data.task,
            "combo.data_fingerprint": self.trial.config.data.fingerprint,
            "combo.attempts": str(max(self.folder.attempts, len(self.attempts))),
        }
        tags |= {f"combo.attempt.{one.attempt}": self._in_words(one) for one in self.attempts}
        if self.sweeps:
            first = self.sweeps[0]
            tags |= {"combo.experiment": first.experiment, "combo.variant": first.variant}
            tags |= {SWEEPS_TAG: ", ".join(membership.sweep for membership in self.sweeps)}
        if self.result is not None:
            tags |= {
                "combo.checkpoint": f"{_address(self.folder)}/{self.result.checkpoint}",
                "combo.protocol": self.result.protocol.label,
                "combo.commit": str(self.result.provenance.commit),
            }
        elif self.failure is not None:
            tags |= {
                "combo.failure": self.failure.message[:LONGEST_MESSAGE],
                "combo.failure_category": self.failure.category,
            }
        return {name: value for name, value in tags.items() if value}

    @property
    def commit(self) -> str | None:
        """Commit of the code that ran last; None where no record says."""
        if self.result is not None:
            return self.result.provenance.commit
        return self.attempts[-1].commit if self.attempts else None

    @property
    def data_set(self) -> str:
        """Name of the data set."""
        return f"AVSBench {self.trial.config.data.task.upper()}"

    @property
    def started(self) -> int | None:
        """Milliseconds since the epoch; None if nothing says when."""
        if self.attempts and (began := milliseconds_or_none(self.attempts[0].started)) is not None:
            return began
        return next((int(line.time * 1000) for line in self.folder.metric_lines()), None)

    @property
    def ended(self) -> int | None:
        """Milliseconds since the epoch; None if nothing says when."""
        if self.result is not None:
            return milliseconds(self.result.provenance.finished)
        if self.failure is not None:
            return milliseconds(self.failure.time)
        return milliseconds_or_none(self.attempts[-1].seen) if self.attempts else None

    @property
    def artifacts(self) -> dict[str, Path]:
        """Files by their path below the run: uncommitted code, and all others once there is a result.

        Raises:
            InputError: one of them cannot be read.
        """
        files = self.folder.patches()
        if self.result is not None:
            files += [self.folder.path / name for name in (TRIAL_FILE, RESULT_FILE, SCORES_FILE)]
            files += sorted(path for path in (self.folder.path / PICTURES_DIR).glob("[!.]*") if path.is_file())
        for file in files:
            check_there(file, LARGEST_TABLE)
        return {str(path.relative_to(self.folder.path)): path for path in files}

    @property
    def scores(self) -> dict[str, float]:
        """Scores of the test split in percent, by the names of their metrics; none without a result."""
        if self.result is None:
            return {}
        score = self.result.score
        return {f"test/m_j{PERCENT}": percent(score.m_j), f"test/m_f{PERCENT}": percent(score.m_f)}

    @cached_property
    def points(self) -> MetricPoints:
        """All metrics."""
        points = MetricPoints(self.folder.metric_lines())
        if self.result is not None:
            step, ended = self.result.best_step, self.ended or 0
            for name, score in self.scores.items():
                points.put(Point(name, step, ended, score))
            for split, clips in self.result.quarantined.items():
                points.put(Point(f"quarantined/{split}", step, ended, len(clips)))
        return points

    @cached_property
    def lost_points(self) -> frozenset[Point]:
        """Points of steps that a later attempt did not find saved, and that were or will be measured again."""
        kept = {point for name in self.points.names() for point in self.points.of(name)}
        return frozenset(point for line in self.folder.metric_lines() for point in points_of(line)) - kept

    def digest(self) -> str:
        """Digest of the files that `points` reads; equal digests mean equal points."""
        digest = hashlib.sha256(str(POINTS_VERSION).encode())
        for content in self.folder.metrics_contents():
            digest.update(hashlib.sha256(content).digest())
        if self.result is not None:
            digest.update(self.result.model_dump_json().encode())
        return digest.hexdigest()

    def _in_words(self, attempt: AttemptRecord) -> str:
        """How an attempt ended and where it ran."""
        ending: str | None = attempt.ended
        if ending is None and attempt is self.attempts[-1]:
            ending = {FINISHED: "finished", RUNNING: "running"}.get(self.status)
        workers = f"{attempt.workers} worker{'s' if attempt.workers > 1 else ''}"
        return f"{ending or 'lost'}, {workers} on {attempt.device}, {attempt.host}"


def read_content(folder: TrialFolder, sweeps: Sequence[Membership], running: bool | None = None) -> RunContent | None:
    """What MLflow should hold of a trial; None if it has not begun.

    Args:
        folder: of the trial.
        sweeps: that asked for it.
        running: whether an attempt lives; None finds out, as far as that can be told from this machine.

    Raises:
        InputError: a stored record is damaged.
    """
    trial = folder.identity
    if trial is None:
        return None
    folder.check_files()
    attempts = folder.intact_attempts()
    if running is None:
        running = bool(attempts) and attempts[-1].ended is None and not is_dead(attempts[-1].process)
    return RunContent(folder, trial, folder.result, folder.failure, attempts, sweeps, running)


def _address(folder: TrialFolder) -> str:
    """The trial's address for everyone: of a bucket the URL, not this process's local copy."""
    storage = address(folder.storage)
    return f"{storage}/{folder.name}" if "://" in storage else Path(storage, folder.name).as_uri()
