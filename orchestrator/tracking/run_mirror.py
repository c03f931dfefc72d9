"""Makes one run of MLflow equal to the directory of its trial. Raises what MLflow raises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.records import VALIDATION_SCORES
from model.config import TrialConfig
from orchestrator.tracking.experiment_runs import ExperimentRuns
from orchestrator.tracking.logged_models import forget_model, log_model
from orchestrator.tracking.metric_points import BATCH, PREFIXES, MetricPoints, Point
from orchestrator.tracking.model_card import model_card
from orchestrator.tracking.notes import note_tags, users_tags
from orchestrator.tracking.run_content import RUNNING, TRIAL_TAG, RunContent
from orchestrator.tracking.run_origin import origin_tags

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Metric, Run

PARENT_TAG = "mlflow.parentRunId"
DIGEST_TAG = "combo.metrics_digest"
"""Set once all points of the trial directory, and no others, are in MLflow: then they need no second look."""
OURS = (*PREFIXES.values(), "test/", "quarantined/")
"""What the names of metrics begin with that storage decides on; others are the user's."""
FRACTIONS = {f"{split}/{score}" for split in ("val", "test") for score in VALIDATION_SCORES}
"""Scores as runs had them before they were told in percent. They stay, so that the runs need not make way."""
PARAMS_PER_REQUEST = 100


def make_equal(
    runs: ExperimentRuns, run: Run | None, content: RunContent, parent: str | None, sent: MetricPoints | None = None
) -> Run:
    """Writes what a run lacks, and makes it again if it has points that were never measured.

    Args:
        runs: of the trial's paper.
        run: of the trial; None if there is none yet.
        content: what it should be.
        parent: id of the sweep's run.
        sent: what the run is known to have got; None if only a look at it can tell.

    Returns:
        the run, as it was before the last changes.
    """
    # Read before anything is written, so that a damaged trial leaves nothing half in MLflow.
    digest, artifacts = content.digest(), content.artifacts
    if run is None:
        run = _create(runs, content, parent)
    if run.data.tags.get(DIGEST_TAG) != digest:
        points = content.points
        if sent is None or not sent.were_sent() or not sent.equals(points):
            run = _log_points(runs, run, content, parent)
    _log_dataset(runs.client, run, content)
    _log_artifacts(runs.client, run, artifacts)
    # A run whose trial runs has no digest: what comes next would make it false.
    running = content.status == RUNNING
    tags = content.tags | runs.owner.tags | ({PARENT_TAG: parent} if parent else {})
    tags |= {} if running else {DIGEST_TAG: digest}
    first = content.sweeps[0].sweep if content.sweeps else ""
    tags |= origin_tags(runs.requests.get(first), content.commit)
    tags |= note_tags(run.data.tags, model_card(content)) if content.result is not None else {}
    model_tags, scores = log_model(runs, run, content)
    tags |= model_tags
    _log_rest(runs.client, run, content.params, tags, scores)
    _drop_tags(runs.client, run, tags)
    set_status(runs.client, run, content.status, content.ended)
    return run


def log_points(client: Any, run_id: str, points: list[Point]) -> None:
    """Adds points; those that are there already change nothing."""
    from mlflow.entities import Metric

    client.log_batch(run_id, metrics=[Metric(one.name, one.value, one.time, one.step) for one in points])


def set_status(client: Any, run: Run, status: str, ended: int | None) -> None:
    """Sets the status of a run, if it differs."""
    if status == RUNNING:
        if run.info.status != RUNNING:
            client.update_run(run.info.run_id, status=RUNNING)
    elif run.info.status != status or (ended is not None and run.info.end_time != ended):
        client.set_terminated(run.info.run_id, status, ended)


def _create(runs: ExperimentRuns, content: RunContent, parent: str | None) -> Run:
    tags = {PARENT_TAG: parent} if parent else {}
    return runs.create({TRIAL_TAG: content.key}, content.name, tags, content.started)


def _log_points(runs: ExperimentRuns, run: Run, content: RunContent, parent: str | None) -> Run:
    """Points cannot be deleted in MLflow, so a run that has wrong ones makes way for a new one.

    Those of lost steps are not wrong: the run of a trial stays the same, so that links to it hold.
    """
    points = content.points
    missing: list[Point] | None = _missing(runs.client, run, content)
    if missing is None:
        runs.client.delete_run(run.info.run_id)
        forget_model(runs.client, run)
        users = users_tags(run.data.tags)
        run = _create(runs, content, parent)
        if users:
            set_tags(runs.client, run, users)
            run = runs.client.get_run(run.info.run_id)
        missing = [point for name in points.names() for point in points.of(name)]
    waiting = iter(missing)
    while batch := list(islice(waiting, BATCH)):
        log_points(runs.client, run.info.run_id, batch)
    return run


def _missing(client: Any, run: Run, content: RunContent) -> list[Point] | None:
    """Points that the run lacks; None if it has some that no attempt has measured."""
    missing: list[Point] = []
    names = set(content.points.names())
    logged = {name for name in run.data.metrics if name.startswith(OURS)} - FRACTIONS
    for name in sorted(names | logged):
        there = set(_history(client, run.info.run_id, name)) if name in logged else set()
        wanted = {_comparable(point): point for point in content.points.of(name)} if name in names else {}
        others = there - wanted.keys()
        if others and others - {_comparable(point) for point in content.lost_points if point.name == name}:
            return None
        missing += [point for key, point in wanted.items() if key not in there]
    return missing


def _history(client: Any, run_id: str, name: str) -> Iterator[tuple[int, int, str]]:
    for metric in client.get_metric_history(run_id, name):
        yield _comparable(Point(name, metric.step, metric.timestamp, metric.value))


def _comparable(point: Point) -> tuple[int, int, str]:
    """A point with its value as text, so that equal NaNs compare equal."""
    return point.step, point.time, repr(float(point.value))


def _log_rest(client: Any, run: Run, params: dict[str, str], tags: dict[str, str], scores: list[Metric]) -> None:
    """What the run lacks of params and tags, and the scores of its model: one request, unless there are many params."""
    from mlflow.entities import Param, RunTag

    missing = iter([Param(name, value) for name, value in params.items() if name not in run.data.params])
    changed = [RunTag(name, value) for name, value in tags.items() if run.data.tags.get(name) != value]
    first = list(islice(missing, PARAMS_PER_REQUEST))
    while batch := list(islice(missing, PARAMS_PER_REQUEST)):
        client.log_batch(run.info.run_id, params=batch)
    if scores or first or changed:
        client.log_batch(run.info.run_id, metrics=scores, params=first, tags=changed)


def _log_dataset(client: Any, run: Run, content: RunContent) -> None:
    wanted = _dataset_input(content)
    known = {one.dataset.digest for one in run.inputs.dataset_inputs} if run.inputs else set()
    if wanted is not None and wanted.dataset.digest not in known:
        client.log_inputs(run.info.run_id, [wanted])


def _dataset_input(content: RunContent) -> DatasetInput | None:
    """AVSBench's subset with the fingerprint of its content; None for a trial that was never bound to data."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    config = content.trial.config
    data = config.data
    if not data.fingerprint:
        return None
    profile = {f"{split}_clips": clips for split, clips in (content.sweeps[0].clips if content.sweeps else {}).items()}
    dataset = Dataset(
        name=content.data_set,
        digest=data.fingerprint,
        source_type="combo",
        source=json.dumps({"task": data.task, "size": data.size, "maskige": config.proposer}),
        schema=json.dumps({"mlflow_colspec": _columns(config)}),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _columns(config: TrialConfig) -> list[dict[str, Any]]:
    """What a clip of the data set holds, in MLflow's form."""
    names = ["clip", "category", "split"], ["frames", "masks", "sound", *(["maskiges"] if config.proposer else [])]
    kinds = zip(("string", "binary"), names, strict=True)
    return [{"name": name, "type": kind, "required": True} for kind, of_kind in kinds for name in of_kind]


def _log_artifacts(client: Any, run: Run, wanted: dict[str, Path]) -> None:
    """Uploads files that are missing or have another size."""
    if not wanted:
        return
    there = dict(_artifact_sizes(client, run.info.run_id, {path.rpartition("/")[0] for path in wanted}))
    for path, file in wanted.items():
        if there.get(path) != file.stat().st_size:
            client.log_artifact(run.info.run_id, str(file), path.rpartition("/")[0] or None)


def _artifact_sizes(client: Any, run_id: str, folders: set[str]) -> Iterator[tuple[str, int | None]]:
    for folder in folders:
        for file in client.list_artifacts(run_id, folder or None):
            yield file.path, file.file_size


def set_tags(client: Any, run: Run, tags: dict[str, str]) -> None:
    """Sets tags that differ."""
    from mlflow.entities import RunTag

    changed = [RunTag(name, value) for name, value in tags.items() if run.data.tags.get(name) != value]
    if changed:
        client.log_batch(run.info.run_id, tags=changed)


def _drop_tags(client: Any, run: Run, tags: dict[str, str]) -> None:
    """Deletes tags of ours that no longer hold."""
    for name in run.data.tags:
        if name.startswith("combo.") and name not in tags:
            client.delete_tag(run.info.run_id, name)
