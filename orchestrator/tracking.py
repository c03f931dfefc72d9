"""Mirrors a sweep to MLflow: one parent run for the sweep, one nested run per trial.

Everything happens on a thread of the driver, so MLflow never slows training; and nothing here raises, so MLflow
never ends it. Storage is the truth, MLflow a view of it.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from experiments.expand import Trial
from experiments.identity import flatten
from experiments.records import PICTURES_DIR, RESULT_FILE, SCORES_FILE, TRIAL_FILE, MetricLine
from orchestrator.mlflow_runs import ExperimentRuns, quiet_mlflow, what_went_wrong
from orchestrator.settings import Settings
from orchestrator.store import Store
from orchestrator.updates import Failed, Finished, Measured, Started, Update

if TYPE_CHECKING:
    from mlflow.entities import Metric

log = logging.getLogger(__name__)

PATIENCE = 3
"""Failures in a row after which MLflow is left alone, lest a server that hangs holds up the end of the sweep."""
BATCH = 900
"""Metrics per request; MLflow accepts a thousand."""
SWEEP_TAG = "combo.sweep"
TRIAL_TAG = "combo.trial_key"
PARENT_TAG = "mlflow.parentRunId"


class Tracker:
    """A listener that logs to MLflow in the background while the context is open.

    Args:
        settings: tracking place and storage.
        experiment: MLflow experiment, one per paper.
        sweep: name of the sweep; running it again continues the same parent run.
        trials: those that run.
        finished: those that were finished before; what MLflow lacks of them is made up for.
    """

    def __init__(
        self, settings: Settings, experiment: str, sweep: str, trials: Sequence[Trial], finished: Sequence[Trial]
    ) -> None:
        self._settings, self._experiment, self._sweep = settings, experiment, sweep
        self._trials, self._finished = {trial.key: trial for trial in (*trials, *finished)}, finished
        self._updates: queue.SimpleQueue[Update | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._failures = 0
        self.trouble: str | None = None
        """First reason why something could not be logged."""

    def __enter__(self) -> Tracker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._updates.put(None)
        self._thread.join()

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        self._updates.put(update)

    def _work(self) -> None:
        mirror: _Mirror | None = None
        if self._finished:
            mirror = self._guarded(self._open)
            for trial in self._finished if mirror else ():
                if self._failures < PATIENCE:
                    self._guarded(mirror.catch_up, trial)
        for update in iter(self._updates.get, None):
            if self._failures >= PATIENCE:
                continue
            if mirror is None:
                mirror = self._guarded(self._open)
            if mirror is not None:
                self._guarded(mirror.apply, update)
        if mirror is not None and self._failures < PATIENCE:
            self._guarded(mirror.close)

    def _open(self) -> _Mirror:
        return _Mirror(self._settings, self._experiment, self._sweep, self._trials)

    def _guarded(self, action: Callable[..., Any], *arguments: Any) -> Any:
        try:
            done = action(*arguments)
            self._failures = 0
            return done
        except Exception as error:
            self._failures += 1
            # Whatever MLflow raises, from a refused connection to a locked file, training must not notice.
            if self.trouble is None:
                self.trouble = what_went_wrong(error)
                log.debug("MLflow could not be written", exc_info=error)
            return None


class _Mirror:
    """The runs of one sweep in MLflow. Raises what MLflow raises."""

    def __init__(self, settings: Settings, experiment: str, sweep: str, trials: dict[str, Trial]) -> None:
        self._trials, self._store = trials, Store(settings.storage)
        self._experiment = ExperimentRuns(settings, experiment)
        self._client = self._experiment.client
        self._sweep, self._parent = sweep, ""
        self._runs: dict[str, str] = {}
        self._metrics: dict[str, list[Metric]] = {}
        self._open: set[str] = set()

    def apply(self, update: Update) -> None:
        match update:
            case Started():
                self._start(update)
            case Measured():
                self._measure(update)
            case Finished():
                self._finish(update)
            case Failed():
                self._flush(update.key)
                self._client.set_tag(self._run(update.key), "combo.failure", update.failure.message[:500])
                self._end(update.key, "FAILED")

    def catch_up(self, trial: Trial) -> None:
        """Completes the run of a trial that finished while MLflow could not be told."""
        folder, key = self._store.trial(trial.key), trial.key
        if folder.result is None or self._experiment.find({TRIAL_TAG: key}, "FINISHED"):
            return
        self.apply(Started(key, folder.attempts, trial.config.training.iterations))
        self.apply(Finished(key, folder.result))

    def close(self) -> None:
        """Ends what is still open: those runs were interrupted."""
        interrupted = sorted(self._open)
        for key in interrupted:
            self._flush(key)
            self._end(key, "KILLED")
        if self._parent:
            self._client.set_terminated(self._parent, "KILLED" if interrupted else "FINISHED")

    def _sweep_run(self) -> str:
        """The parent of the trials' runs; one that an earlier run of the sweep has made is used again."""
        if not self._parent:
            self._parent = self._experiment.find_or_create({SWEEP_TAG: self._sweep}, self._sweep, {})
            self._client.update_run(self._parent, status="RUNNING")
        return self._parent

    def _run(self, key: str) -> str:
        """The run of a trial; one that an earlier attempt has made is used again."""
        from mlflow.entities import Param

        if key not in self._runs:
            trial = self._trials[key]
            tags = {
                PARENT_TAG: self._sweep_run(),
                "combo.experiment": trial.study,
                "combo.variant": trial.variant,
                "combo.task": trial.task,
            }
            run = self._experiment.find_or_create({TRIAL_TAG: key}, trial.label, tags)
            params = [Param(name, str(value)) for name, value in flatten(trial.config).items()]
            self._client.log_batch(run, params=params)
            self._runs[key] = run
        return self._runs[key]

    def _start(self, update: Started) -> None:
        run = self._run(update.key)
        self._open.add(update.key)
        self._client.update_run(run, status="RUNNING")
        self._client.set_tag(run, "combo.attempts", str(update.attempt))
        if update.step:
            self._fill_gaps(update.key, update.step)

    def _fill_gaps(self, key: str, last_step: int) -> None:
        """Logs what storage has up to a step and MLflow has not: measured while it, or the driver, was away."""
        run = self._run(key)
        known = {
            (kind, point.step)
            for kind, metric in (("step", "train/loss_total"), ("evaluation", "val/m_j"))
            for point in self._client.get_metric_history(run, metric)
        }
        for line in self._store.trial(key).metric_lines():
            if line.step <= last_step and (line.kind, line.step) not in known:
                known.add((line.kind, line.step))
                self._gather(key, line)
        self._flush(key)

    def _measure(self, update: Measured) -> None:
        self._gather(update.key, update.line)
        if len(self._metrics[update.key]) >= BATCH or update.line.kind == "evaluation":
            self._flush(update.key)

    def _gather(self, key: str, line: MetricLine) -> None:
        from mlflow.entities import Metric

        prefix = "train/" if line.kind == "step" else "val/"
        when, step = int(line.time * 1000), line.step
        gathered = self._metrics.setdefault(key, [])
        gathered += [Metric(prefix + name, value, when, step) for name, value in line.values.items()]

    def _finish(self, update: Finished) -> None:
        self._flush(update.key)
        self._fill_gaps(update.key, self._trials[update.key].config.training.iterations)
        run, result, folder = self._run(update.key), update.result, self._store.trial(update.key)
        self._client.log_metric(run, "test/m_j", result.score.m_j, step=result.best_step)
        self._client.log_metric(run, "test/m_f", result.score.m_f, step=result.best_step)
        for split, clips in result.quarantined.items():
            self._client.log_metric(run, f"quarantined/{split}", len(clips), step=result.best_step)
        tags = {
            "combo.checkpoint": (folder.path / result.checkpoint).as_uri(),
            "combo.protocol": result.protocol.label,
            "combo.data_fingerprint": result.provenance.data_fingerprint,
            "combo.commit": str(result.provenance.commit),
        }
        for tag, value in tags.items():
            self._client.set_tag(run, tag, value)
        for name in (TRIAL_FILE, RESULT_FILE, SCORES_FILE):
            self._client.log_artifact(run, str(folder.path / name))
        self._client.log_artifacts(run, str(folder.path / PICTURES_DIR), PICTURES_DIR)
        self._end(update.key, "FINISHED")

    def _flush(self, key: str) -> None:
        gathered = self._metrics.get(key, [])
        while gathered:
            self._client.log_batch(self._run(key), metrics=gathered[:BATCH])
            del gathered[:BATCH]

    def _end(self, key: str, status: str) -> None:
        self._client.set_terminated(self._run(key), status)
        self._open.discard(key)


def serve(settings: Settings, host: str, port: int) -> None:
    """Replaces this process by MLflow's server on the embedded store."""
    import sys

    quiet_mlflow()
    settings.artifacts.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", settings.tracking_uri]
    command += ["--default-artifact-root", settings.artifacts.as_uri(), "--host", host, "--port", str(port)]
    os.execv(sys.executable, command)
