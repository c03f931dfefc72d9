import math

import pytest

from experiments.errors import InputError
from experiments.records import ATTEMPTS_DIR, FAILURE_FILE, RESULT_FILE, TRIAL_FILE, TRIALS
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from reports.stored.results import read_results


def test_an_absent_storage_has_no_trials(tmp_path):
    assert list(read_results(tmp_path / "nowhere", None)) == []


def test_finished_and_unfinished_trials(storage, trials):
    storage.finish(trials[0], 0.6, 0.7)
    storage.start(trials[1])
    found = {stored.key: stored for stored in read_results(storage.root, None)}
    assert found[trials[0].key].result.score.m_j == pytest.approx(0.6)
    assert found[trials[0].key].config == trials[0].config
    assert found[trials[1].key].result is None
    assert all(stored.problem is None for stored in found.values())


def test_stray_files_and_hidden_folders_are_no_trials(storage):
    (storage.root / TRIALS / ".upload").mkdir(parents=True)
    (storage.root / TRIALS / "notes.txt").write_text("x")
    assert list(read_results(storage.root, None)) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"schema_version": 2}', b"\x80\x04K\x01."],
    ids=["empty", "torn", "not utf-8", "deep", "null", "unknown version", "pickle"],
)
def test_a_damaged_result_is_a_problem(storage, trials, content):
    folder = storage.finish(trials[0], 0.6, 0.7)
    (folder / RESULT_FILE).write_bytes(content)
    (found,) = read_results(storage.root, None)
    assert found.result is None
    assert found.problem.where.startswith(f"trials/{trials[0].key}/result.json")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (RESULT_FILE, lambda values: values.update(key="0" * 16)),
        (TRIAL_FILE, lambda values: values.update(key="0" * 16)),
        (TRIAL_FILE, lambda values: values["config"]["loss"].update(lambda_ada=9.0)),
        (RESULT_FILE, lambda values: values["score"].update(j_sum=41.0)),
        (RESULT_FILE, lambda values: values["score"].update(j_sum=math.nan)),
        (RESULT_FILE, lambda values: values["score"].update(count=0)),
        (RESULT_FILE, lambda values: values["provenance"].update(training_seconds=math.nan)),
        (RESULT_FILE, lambda values: values["provenance"].update(workers=10**30)),
        (RESULT_FILE, lambda values: values["provenance"].update(device="\ud800")),
        (RESULT_FILE, lambda values: values.update(extra=1)),
    ],
    ids=[
        "result key",
        "trial key",
        "configuration",
        "score above 1",
        "score NaN",
        "no clips",
        "endless",
        "too many workers",
        "no Unicode",
        "unknown field",
    ],
)
def test_what_was_tampered_with_counts_for_nothing_and_plans_tell_it_in_the_same_words(storage, trials, file, change):
    path = storage.finish(trials[0], 0.6, 0.7) / file
    storage.edit(path, change)
    (found,) = read_results(storage.root, None)
    assert found.result is None
    assert found.problem.where == f"trials/{trials[0].key}/{file}"
    with pytest.raises(InputError) as refusal:
        _ = Store(FolderStorage(storage.root)).trial(trials[0].key).result
    assert str(refusal.value) == f"{path}{str(found.problem).removeprefix(found.problem.where)}"


def test_a_renamed_folder_is_refused(storage, trials):
    folder = storage.finish(trials[0], 0.6, 0.7)
    folder.rename(folder.with_name("f" * 16))
    (found,) = read_results(storage.root, None)
    assert found.config is None
    assert "lies in the folder of" in found.problem.what


def test_a_failed_trial_says_why_and_how_far_it_came(storage, trials):
    storage.fail(trials[0], attempts=10)
    (found,) = read_results(storage.root, None)
    assert (found.config, found.result, found.problem) == (trials[0].config, None, None)
    assert (found.failure.category, found.failure.message) == ("diverged", "loss is NaN")
    assert (found.last_attempt.attempt, found.last_attempt.step) == (10, 1000)


def test_a_finished_trial_has_no_failure(storage, trials):
    storage.fail(trials[0])
    storage.finish(trials[0], 0.6, 0.7)
    (found,) = read_results(storage.root, None)
    assert (found.failure, found.last_attempt) == (None, None)


@pytest.mark.parametrize("file", [FAILURE_FILE, f"{ATTEMPTS_DIR}/1.json"])
def test_damage_of_what_explains_a_failure_is_a_problem(storage, trials, file):
    (storage.fail(trials[0]) / file).write_text("{")
    (found,) = read_results(storage.root, None)
    assert found.config == trials[0].config
    assert found.problem.where.endswith(file)


def test_one_damaged_trial_leaves_the_others_alone(storage, trials):
    (storage.finish(trials[0], 0.6, 0.7) / TRIAL_FILE).unlink()
    storage.finish(trials[1], 0.6, 0.7)
    found = read_results(storage.root, None)
    assert [stored.key for stored in found] == sorted([trials[0].key, trials[1].key])
    assert [problem.what for problem in found.problems] == ["is missing"]
    assert found.trial(trials[1].key).result.score.m_j == pytest.approx(0.6)
    assert found.trial("f" * 16) is None
