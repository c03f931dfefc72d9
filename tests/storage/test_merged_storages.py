"""`combo storage merge`: what one storage lacks comes from another, and nothing is written over."""

import shutil

import pytest

from experiments.expand import expand
from experiments.records import AttemptRecord
from model.regular_files import LARGEST_DOCUMENT
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.store.stored_documents import record_bytes
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment

FINISHED, OTHER, BEGUN = (trial.on_data(FINGERPRINT) for trial in expand(make_experiment())[:3])


@pytest.fixture
def source(tmp_path):
    """A storage with two finished trials and an unfinished one whose process was stopped."""
    fake = Storage(tmp_path / "source")
    fake.finish(FINISHED, 0.7, 0.8)
    fake.finish(OTHER, 0.6, 0.7)
    for trial in (FINISHED, OTHER):
        fake.vouch(trial)
    state = fake.folder(OTHER) / "checkpoints/step-00000300"
    state.mkdir()
    (state / "optimizer.safetensors").write_bytes(bytes(LARGEST_DOCUMENT + 1))  # no document, so of any size
    (state / "manifest.json").write_text("{}")
    Store(FolderStorage(fake.root)).trial(BEGUN.key).begin(BEGUN)
    _attempt(fake.root, BEGUN, ended="stopped")
    return fake.root


def _attempt(root, trial, ended):
    started = "2026-11-28T12:00:00+00:00"
    record = AttemptRecord(
        attempt=1, host="elsewhere", process="", workers=1, device="cpu", started=started, ended=ended
    )
    FolderStorage(root).write(f"trials/{trial.key}/attempts/1.json", record_bytes(record))


def _files(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_storage_gets_what_it_lacks_and_the_second_time_nothing(source, command, tmp_path):
    before, target = _files(source), tmp_path / "target"
    said = command("storage", "merge", source, "--storage", target)

    assert (said.code, said.err) == (0, "")
    assert f"3 copied to {target}, 0 were there already" in said.out
    assert _files(source) == before
    copied = _files(target)
    assert {path: content for path, content in copied.items() if path.name != "storage.json"} == before
    assert f"0 copied to {target}, 3 were there already" in command("storage", "merge", source, "--storage", target).out
    assert _files(target) == copied


def test_a_copy_to_a_bucket_is_readable_there(source, command, bucket):
    assert command("storage", "merge", source, "--storage", bucket).code == 0

    store = Store(bucket)
    store.refresh()
    assert {trial.key for trial, _ in store.finished()} == {FINISHED.key, OTHER.key}


def test_the_same_trial_with_other_content_is_named_and_stays_on_both_sides(source, command, tmp_path):
    target = Storage(tmp_path / "target")
    target.finish(FINISHED, 0.1, 0.2)
    ours, theirs = _files(target.root / "trials" / FINISHED.key), _files(source)
    said = command("storage", "merge", source, "--storage", target.root)

    assert said.code == 2
    assert f"left out: {target.root}/trials/{FINISHED.key}: holds another" in said.out
    assert _files(target.root / "trials" / FINISHED.key) == ours
    assert _files(source) == theirs
    assert (target.root / "trials" / OTHER.key / "result.json").exists()


def test_what_an_interrupted_merge_has_copied_is_completed(source, command, tmp_path):
    target = tmp_path / "target"
    shutil.copytree(source / "trials" / FINISHED.key, target / "trials" / FINISHED.key)
    (target / "trials" / FINISHED.key / "result.json").unlink()

    assert command("storage", "merge", source, "--storage", target).code == 0
    assert _files(target / "trials") == _files(source / "trials")


def test_trials_that_run_or_are_damaged_are_named_and_the_others_copied(source, command, tmp_path):
    _attempt(source, BEGUN, ended=None)
    (source / "trials" / OTHER.key / "trial.json").write_text("{")
    said = command("storage", "merge", source, "--storage", tmp_path / "target")

    assert said.code == 2
    assert f"{BEGUN.key}: may be running: attempt 1 on elsewhere has not ended" in said.out
    assert f"{OTHER.key}/trial.json: is damaged" in said.out
    assert [path.name for path in (tmp_path / "target/trials").iterdir()] == [FINISHED.key]


def test_a_storage_is_not_merged_into_itself_and_nothing_is_no_storage(source, command, tmp_path):
    (tmp_path / "link").symlink_to(source)
    itself = command("storage", "merge", tmp_path / "link", "--storage", source)
    nothing = command("storage", "merge", tmp_path / "nothing", "--storage", source)

    assert itself.code == nothing.code == 2
    assert itself.err.startswith(f"error: storage '{tmp_path / 'link'}': is the one to copy into")
    assert "holds no trials" in nothing.err
    assert not (tmp_path / "nothing").exists()
