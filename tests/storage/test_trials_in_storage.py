"""Trial directories in every storage: what one process writes, others find, whole and once."""

import filecmp
import json
import os
import time

import pytest

from experiments.expand import expand
from experiments.records import FailureRecord, MetricLine
from orchestrator.storage.bucket import BucketStorage
from orchestrator.storage.folder import FolderStorage
from orchestrator.store import retention
from orchestrator.store.store import Store
from reports.build import ReportedExperiment, Request, build_report
from reports.stored.results import read_results
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment

EXPERIMENT = make_experiment()
TRIALS = [trial.on_data(FINGERPRINT) for trial in expand(EXPERIMENT)]
FAILURE = FailureRecord(attempt=1, kind="DataError", message="unreadable", time="2026-11-20T00:00:00+00:00")


def add_checkpoint(folder, name):
    checkpoint = folder.checkpoints / name
    checkpoint.mkdir(parents=True)
    (checkpoint / "model.safetensors").write_bytes(name.encode())
    (checkpoint / "manifest.json").write_text("{}")


def checkpoints_of(store, key):
    """As another process finds them."""
    other = Store(store.storage.for_worker()).trial(key)
    other.fetch()
    return sorted(path.name for path in other.checkpoints.glob("*"))


@pytest.fixture
def store(storage):
    return Store(storage)


@pytest.fixture
def finished(store):
    """Every trial but the last has a result; the last has checkpoints only."""
    fake = Storage(store.root)
    for trial in TRIALS[:-1]:
        fake.finish(trial, 0.7, 0.8)
    fake.start(TRIALS[-1])
    for trial in TRIALS:
        add_checkpoint(store.trial(trial.key), "step-00000200")
        (store.root / "trials" / trial.key / "checkpoints/step-00000200/optimizer.safetensors").write_bytes(b"moments")
    for trial in TRIALS[:-1]:
        fake.vouch(trial)
    store.storage.publish("trials")
    return store


def as_seen_by_another(store):
    return Store(store.storage.for_worker())


def test_another_process_finds_what_a_trial_wrote(store):
    folder = store.trial(TRIALS[0].key)
    folder.begin(TRIALS[0])
    folder.write_failure(FAILURE)
    line = MetricLine(kind="step", attempt=1, step=1, time=1.0, values={"lr": 0.1})
    folder.metrics_file(1).parent.mkdir()
    folder.metrics_file(1).write_text(line.model_dump_json() + "\n" + '{"kind": "st')
    folder.publish_metrics(1)
    other = as_seen_by_another(store).trial(TRIALS[0].key)
    other.fetch()

    assert other.check_identity(TRIALS[0])
    assert other.failure == FAILURE
    assert list(other.metric_lines()) == [line]
    assert [str(problem) for problem in other.torn_metrics()] == [
        f"{other.metrics_file(1)}: its last line is torn and passed over"
    ]


def test_a_trial_has_one_result_ever(finished, caplog):
    key = TRIALS[0].key
    mine, theirs = finished.trial(key), as_seen_by_another(finished).trial(key)
    theirs.fetch_documents()
    first = mine.result
    mine.write_result(first.model_copy(update={"parameters": first.parameters + 7}))

    assert "has a result already; a second one is dropped" in caplog.text
    assert mine.result == first == theirs.result
    assert finished.has_result(key)
    assert not finished.has_result(TRIALS[-1].key)


def test_stored_checkpoints_follow_those_that_training_keeps(store):
    folder = store.trial(TRIALS[0].key)
    for step in (2, 4, 6):
        add_checkpoint(folder, f"step-{step:08d}")
        add_checkpoint(folder, f"best-{step:08d}")
        folder.publish_checkpoints()
    for pruned in ("step-00000002", "best-00000002", "best-00000004"):
        for path in sorted((folder.checkpoints / pruned).iterdir()):
            path.unlink()
        (folder.checkpoints / pruned).rmdir()
    folder.publish_checkpoints()

    assert checkpoints_of(store, TRIALS[0].key) == ["best-00000006", "step-00000004", "step-00000006"]


def test_an_attempt_thought_dead_does_not_delete_what_the_next_one_stored(store):
    late, next_one = store.trial(TRIALS[0].key), as_seen_by_another(store).trial(TRIALS[0].key)
    add_checkpoint(late, "step-00000002")
    late.publish_checkpoints()
    next_one.fetch()
    add_checkpoint(next_one, "step-00000004")
    next_one.publish_checkpoints()
    late.publish_checkpoints()

    assert checkpoints_of(store, TRIALS[0].key) == ["step-00000002", "step-00000004"]


def test_a_checkpoint_whose_upload_was_killed_is_no_checkpoint(bucket, server):
    store = Store(bucket)
    folder = store.trial(TRIALS[0].key)
    add_checkpoint(folder, "step-00000002")
    folder.publish_checkpoints()
    key = f"my/trials/{folder.name}/checkpoints/step-00000001/model.safetensors"
    server.client.put_object(Bucket=bucket.bucket, Key=key, Body=b"half")

    assert checkpoints_of(store, TRIALS[0].key) == ["step-00000002"]
    folder.publish_checkpoints()
    assert not [name for name in bucket.sizes("trials") if "step-00000001" in name]


def test_refreshing_brings_documents_and_how_far_trials_have_come(finished):
    other = as_seen_by_another(finished)
    other.refresh()

    assert len(list(other.finished())) == len(TRIALS) - 1
    unfinished = other.trial(TRIALS[-1].key)
    assert unfinished.has_checkpoint
    assert unfinished.steps_done == 200
    if isinstance(other.storage, BucketStorage):
        assert not list(other.root.rglob("*.safetensors"))
        assert not list(other.root.rglob("*.parquet"))


def test_reports_are_the_same_from_every_storage(finished, tmp_path):
    local = FolderStorage(tmp_path / "local")
    fake = Storage(local.root)
    for trial in TRIALS[:-1]:
        fake.finish(trial, 0.7, 0.8)
    fake.start(TRIALS[-1])
    other = as_seen_by_another(finished)
    other.refresh_all()
    request = Request([ReportedExperiment(EXPERIMENT, TRIALS)])
    built = [
        build_report(request, read_results(root, None), tmp_path / name)
        for root, name in ((local.root, "a"), (other.root, "b"))
    ]

    names = [str(file.relative_to(tmp_path / "a")) for file in built[0].files]
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", names, shallow=False) == (names, [], [])


def test_f22_gc_deletes_what_it_listed_and_keeps_what_is_needed(finished):
    other = as_seen_by_another(finished)
    other.refresh()
    before = set(other.storage.names("trials"))
    listed = list(retention.leftovers(other))
    retention.delete(other.storage, listed)

    after = set(finished.storage.names("trials"))
    assert {name.rpartition("/")[0] for name in before - after} == {leftover.name for leftover in listed}
    assert {leftover.name.split("/")[1] for leftover in listed} == {trial.key for trial in TRIALS[:-1]}
    assert checkpoints_of(finished, TRIALS[0].key) == ["best-00000300"]
    assert checkpoints_of(finished, TRIALS[-1].key) == ["step-00000200"]
    assert listed[0].size == len(b"step-00000200") + len(b"{}") + len(b"moments")
    assert list(retention.leftovers(other)) == []


def test_gc_frees_drafts_of_a_day_ago_and_leaves_younger_ones(finished):
    now = time.time()
    for name, age in ((".trial.json.1.draft", 90_000), (".result.json.2.draft", 60)):
        draft = finished.trial(TRIALS[-1].key).path / name
        draft.write_bytes(b"half")
        os.utime(draft, (now - age, now - age))
    drafts = [leftover for leftover in retention.leftovers(finished) if "/." in leftover.name]

    assert [(draft.name.rpartition("/")[2], draft.size) for draft in drafts] == [(".trial.json.1.draft", 4)]


def test_garbage_among_the_trials_breaks_nothing(finished):
    first, last = TRIALS[0].key, TRIALS[-1].key
    for name in (
        "trials/notes.txt",
        "trials/empty/x",
        f"trials/{last}/checkpoints/step-x9/y",
        f"trials/{last}/metrics/a",
    ):
        finished.storage.write(name, b"\xff\x00")
    finished.storage.write(f"trials/{first}/trial.json", json.dumps({"key": first})[:-1].encode())
    other = as_seen_by_another(finished)
    other.refresh_all()

    assert len(list(other.finished())) == len(TRIALS) - 2
    assert other.trial(last).steps_done == 200
    assert len(list(other.trial(last).metric_lines())) > 0
