import math

import pytest

from experiments.records import METRICS_DIR, RESULT_FILE, TRIAL_FILE, TRIALS, MetricLine
from reports.evaluations import read_curve
from reports.results import read_trials


def test_an_absent_storage_has_no_trials(tmp_path):
    assert read_trials(tmp_path / "nowhere") == []


def test_finished_and_unfinished_trials(storage, trials):
    storage.finish(trials[0], 0.6, 0.7)
    storage.start(trials[1])
    found = {stored.key: stored for stored in read_trials(storage.root)}
    assert found[trials[0].key].result.score.m_j == pytest.approx(0.6)
    assert found[trials[0].key].config == trials[0].config
    assert found[trials[1].key].result is None
    assert all(stored.problem is None for stored in found.values())


def test_stray_files_and_hidden_folders_are_no_trials(storage):
    (storage.root / TRIALS / ".upload").mkdir(parents=True)
    (storage.root / TRIALS / "notes.txt").write_text("x")
    assert read_trials(storage.root) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"schema_version": 2}', b"\x80\x04K\x01."],
    ids=["empty", "torn", "not utf-8", "deep", "null", "unknown version", "pickle"],
)
def test_a_damaged_result_is_a_problem(storage, trials, content):
    folder = storage.finish(trials[0], 0.6, 0.7)
    (folder / RESULT_FILE).write_bytes(content)
    (found,) = read_trials(storage.root)
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
        (RESULT_FILE, lambda values: values.update(extra=1)),
    ],
    ids=["result key", "trial key", "configuration", "score above 1", "score NaN", "no clips", "unknown field"],
)
def test_what_was_tampered_with_counts_for_nothing(storage, trials, file, change):
    storage.edit(storage.finish(trials[0], 0.6, 0.7) / file, change)
    (found,) = read_trials(storage.root)
    assert found.result is None
    assert file in found.problem.where


def test_a_renamed_folder_is_refused(storage, trials):
    folder = storage.finish(trials[0], 0.6, 0.7)
    folder.rename(folder.with_name("f" * 16))
    (found,) = read_trials(storage.root)
    assert found.config is None
    assert "lies in the folder of" in found.problem.what


def test_a_resumed_attempt_replaces_the_steps_it_repeats(storage, trials):
    folder = storage.start(trials[0], (0.2, 0.4, 0.9))
    lines = [
        MetricLine(kind=kind, attempt=2, step=step, time=9.0, values={"m_j": value})
        for kind, step, value in (("step", 250, 0.0), ("evaluation", 300, 0.5), ("evaluation", 400, 0.6))
    ]
    text = "".join(f"{line.model_dump_json()}\n" for line in lines) + '{"kind": "eval'
    (folder / METRICS_DIR / "attempt-2.jsonl").write_text(text)
    curve = read_curve(folder)
    assert curve.points == ((100, 20.0), (200, 40.0), (300, 50.0), (400, 60.0))
    assert [problem.what for problem in curve.problems] == ["1 unreadable line"]
