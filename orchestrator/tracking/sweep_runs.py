"""The parent runs: one for each sweep, above the runs of its trials. Raises what MLflow raises."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.store.membership import Membership
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.metric_points import as_mlflow_keeps
from orchestrator.tracking.notes import note_tags
from orchestrator.tracking.own_runs import STORAGE_ID_TAG, STORAGE_TAG
from orchestrator.tracking.run_content import FAILED, FINISHED, KILLED, RUNNING
from orchestrator.tracking.run_mirror import set_status, set_tags
from orchestrator.tracking.run_origin import origin_tags
from orchestrator.tracking.shared_view import runs_page, view_tag
from orchestrator.tracking.sweep_summary import Member, SweepSummary
from orchestrator.tracking.timestamps import milliseconds

if TYPE_CHECKING:
    from mlflow.entities import Run

FILES_TAG = "combo.files_digest"
"""Digest of the files of a sweep's run, set once they are there."""


def sweep_run(runs: ExperimentRuns, known: Run | None, first: Membership) -> Run:
    """The run of a sweep.

    Args:
        runs: of the sweep's paper.
        known: the run, if it is there already.
        first: the membership of the trial that joined first.
    """
    if known is not None:
        return runs.adopt(known)
    tags = origin_tags(runs.requests.get(first.sweep), None)
    return runs.create({SWEEP_TAG: first.sweep}, first.sweep, tags, milliseconds(first.joined))


def end_sweep(runs: ExperimentRuns, run: Run, members: Sequence[Member]) -> None:
    """Sets the status of a sweep's run from those of its trials, and what it says of them unless one runs."""
    contents = [member.content for member in members]
    status = combined_status(KILLED if content is None else content.status for content in contents)
    if status != RUNNING:
        _write_summary(runs, run, members)
    ended = max((content.ended or 0 for content in contents if content is not None), default=0)
    set_status(runs.client, run, status, ended or None)


def combined_status(statuses: Iterable[str]) -> str:
    """RUNNING if one runs, FINISHED if all are finished; else KILLED if one can be continued, or FAILED.

    A sweep that has asked for no trial yet has not come to its end: KILLED.
    """
    all_of_them = set(statuses) or {KILLED}
    return next((status for status in (RUNNING, KILLED, FAILED) if status in all_of_them), FINISHED)


def _write_summary(runs: ExperimentRuns, run: Run, members: Sequence[Member]) -> None:
    sweep, storage = run.data.tags[SWEEP_TAG], runs.owner.tags[STORAGE_TAG]
    storage_id, request = runs.owner.tags[STORAGE_ID_TAG], runs.requests.get(sweep)
    summary = SweepSummary(sweep, members, request, storage)
    digest = _log_files(runs.client, run, summary.artifacts)
    _log_metrics(runs.client, run, summary.metrics)
    runs.set_experiment_tag(*view_tag(summary, storage_id))
    tags = {FILES_TAG: digest, **origin_tags(request, _commit(members)), **summary.tags}
    set_tags(runs.client, run, tags | note_tags(run.data.tags, summary.note(runs_page(runs.id, sweep, storage_id))))


def _commit(members: Iterable[Member]) -> str | None:
    """The commit of the trial that ended last."""
    ended = [one.content for one in members if one.content is not None and one.content.ended is not None]
    return max(ended, key=lambda content: content.ended or 0).commit if ended else None


def _log_files(client: Any, run: Run, files: dict[str, str]) -> str:
    """Writes the files of a run if they are not what they were; returns their digest."""
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
    run_id = run.info.run_id
    if run.data.tags.get(FILES_TAG) != digest or {file.path for file in client.list_artifacts(run_id)} < files.keys():
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            client.log_artifacts(run_id, folder)
    return digest


def _log_metrics(client: Any, run: Run, metrics: dict[str, float]) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    changed = [
        Metric(name, value, now, 0)
        for name, value in metrics.items()
        if run.data.metrics.get(name) != as_mlflow_keeps(value)
    ]
    if changed:
        client.log_batch(run.info.run_id, metrics=changed)
