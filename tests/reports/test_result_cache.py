"""The cache of results: it saves reading, and never changes an answer."""

import os
import random
import shutil
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from fake_storage import FINGERPRINT, make_experiment

from experiments.expand import expand
from experiments.records import METRICS_DIR, RESULT_FILE, TRIAL_FILE
from reports.stored import file_marks
from reports.stored.any_data import key_on_any_data
from reports.stored.column_cache import MADE_BY
from reports.stored.results import read_results

SETTLING_TIME = 0.02
"""Seconds; far longer than the ticks in which Linux counts the times of files."""
READ_BY_ANOTHER = """
import sys
from pathlib import Path
from reports.stored.results import read_results
print(*[(trial.key, trial.result.score.m_j) for trial in read_results(Path(sys.argv[1]), Path(sys.argv[2]))])
"""


@pytest.fixture(autouse=True)
def quickly_settled(monkeypatch):
    monkeypatch.setattr(file_marks, "SETTLING_TIME", SETTLING_TIME)


@pytest.fixture
def many(storage):
    """Eight trials, all finished."""
    trials = [trial.on_data(FINGERPRINT) for trial in expand(make_experiment(seeds=(0, 1)))]
    for number, trial in enumerate(trials):
        storage.finish(trial, 0.5 + number / 100, 0.7)
    return trials


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


watching: list[list[str]] = []


def note_opened(event, values):
    if event == "open":
        for opened in watching:
            opened.append(str(values[0]))


sys.addaudithook(note_opened)


def opened_by(read):
    """Calls something; returns the keys and names of the trials' files that were opened meanwhile."""
    opened = []
    watching.append(opened)
    try:
        read()
    finally:
        watching.remove(opened)
    return sorted(path.split("/trials/")[1] for path in opened if "/trials/" in path)


def settled(storage, cache):
    """Results of files that have been left alone for long enough."""
    time.sleep(2 * SETTLING_TIME)
    return read_results(storage.root, cache)


def curve_of(results, trial):
    return results.curves([trial.key])[trial.key]


def everything(results):
    """All that results can say."""
    trials = list(results)
    curves = results.curves([trial.key for trial in trials])
    said = [
        (trial, trial.config, trial.result, [other.key for other in results.on_any_data(name)], curves[trial.key])
        for trial, name in zip(trials, names_on_any_data(trials), strict=True)
    ]
    return said, results.problems, results.effort()


def names_on_any_data(trials):
    return [key_on_any_data(trial.config) if trial.config else "" for trial in trials]


def test_what_has_not_changed_is_not_read_again(storage, many, cache):
    keys = [trial.key for trial in many]
    first = settled(storage, cache)
    first.curves(keys)
    assert opened_by(lambda: read_results(storage.root, cache).curves(keys)) == []
    assert everything(read_results(storage.root, cache)) == everything(read_results(storage.root, None))


def test_only_what_is_new_is_read(storage, many, cache):
    shutil.rmtree(storage.folder(many[0]))
    settled(storage, cache)
    storage.finish(many[0], 0.9, 0.9)
    opened = opened_by(lambda: settled(storage, cache))
    assert opened == [f"{many[0].key}/{name}" for name in sorted((RESULT_FILE, TRIAL_FILE))]
    assert read_results(storage.root, cache).trial(many[0].key).result.score.m_j == pytest.approx(0.9)


def test_what_was_written_just_now_is_read_again(storage, many, cache, monkeypatch):
    with monkeypatch.context() as patience:
        patience.setattr(file_marks, "SETTLING_TIME", 60.0)
        read_results(storage.root, cache)
        assert len(opened_by(lambda: read_results(storage.root, cache))) == 2 * len(many)
    settled(storage, cache)
    assert opened_by(lambda: read_results(storage.root, cache)) == []


def test_a_change_of_the_same_size_and_time_is_seen(storage, many, cache):
    path = storage.folder(many[0]) / RESULT_FILE
    settled(storage, cache)
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"cpu"', b'"gpu"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert settled(storage, cache).trial(many[0].key).result.provenance.device == "gpu"


def test_deleted_trials_leave(storage, many, cache):
    settled(storage, cache).curves([trial.key for trial in many])
    shutil.rmtree(storage.folder(many[0]))
    results = settled(storage, cache)
    assert len(results) == len(many) - 1
    assert results.trial(many[0].key) is None
    storage.finish(many[0], 0.9, 0.9)
    settled(storage, cache).curves([many[0].key])
    for file in (cache / "reports").iterdir():
        assert len(pq.read_table(file)) == len(many)


def test_a_curve_that_grows_is_read_again(storage, many, cache):
    folder = storage.folder(many[0])
    before = curve_of(settled(storage, cache), many[0])
    with (folder / METRICS_DIR / "attempt-1.jsonl").open("a") as file:
        file.write('{"kind":"evaluation","attempt":1,"step":900,"time":9.0,"values":{"m_j":0.9}}\n{"torn')
    curve = curve_of(settled(storage, cache), many[0])
    assert curve.points == (*before.points, (900, 90.0))
    assert curve_of(settled(storage, cache), many[0]) == curve
    assert [problem.what for problem in curve.problems] == ["1 unreadable line"]


def test_damage_is_told_each_time_and_cures_itself(storage, many, cache):
    path = storage.folder(many[0]) / RESULT_FILE
    sound = path.read_bytes()
    settled(storage, cache)
    path.write_bytes(sound[:100])
    for _ in range(2):
        (problem,) = settled(storage, cache).problems
        assert problem.where.startswith(f"trials/{many[0].key}/result.json")
    path.write_bytes(sound)
    assert settled(storage, cache).problems == ()


def test_the_cache_never_changes_an_answer(storage, many, cache):
    chance = random.Random(0)

    def change(trial):
        folder = storage.folder(trial)
        kind = chance.choice(["finish", "start", "fail", "delete", "tear", "swap", "rename"])
        if kind == "finish":
            storage.finish(trial, chance.random(), chance.random())
        elif kind in ("start", "fail"):
            shutil.rmtree(folder, ignore_errors=True)
            getattr(storage, kind)(trial)
        elif kind == "delete":
            shutil.rmtree(folder, ignore_errors=True)
        elif kind == "tear" and folder.is_dir():
            path = chance.choice(sorted(folder.glob("*.json*")) + sorted(folder.glob("metrics/*")))
            path.write_bytes(path.read_bytes()[: chance.randrange(200)])
        elif kind == "swap" and folder.is_dir():
            other = storage.folder(chance.choice(many)) / RESULT_FILE
            if other.is_file():
                shutil.copy2(other, folder / "copy")
                (folder / "copy").replace(folder / RESULT_FILE)
        elif kind == "rename" and folder.is_dir():
            folder.rename(folder.with_name(f"{chance.getrandbits(64):016x}"))

    for _ in range(40):
        for trial in chance.sample(many, chance.randint(0, 3)):
            change(trial)
        if chance.random() < 0.5:
            time.sleep(2 * SETTLING_TIME)
        assert everything(read_results(storage.root, cache)) == everything(read_results(storage.root, None))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    for place in range(100, len(content), len(content) // 8):
        content[place] ^= 0x20
    path.write_bytes(content)


def turn_to_a_folder(path):
    path.unlink()
    path.mkdir()


def of_another_version(path):
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 1).replace_schema_metadata({MADE_BY: b"0" * 64}), path)


def of_other_columns(path):
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["mark"]), path)


@pytest.mark.parametrize(
    "damage",
    [lambda path: path.write_bytes(b""), truncate, flip, turn_to_a_folder, of_another_version, of_other_columns],
)
@pytest.mark.usefixtures("many")
def test_a_cache_that_cannot_be_trusted_is_built_anew(storage, cache, damage):
    expected = everything(settled(storage, cache))
    for path in (cache / "reports").iterdir():
        damage(path)
    assert everything(read_results(storage.root, cache)) == expected
    assert everything(read_results(storage.root, cache)) == expected


@pytest.mark.usefixtures("many")
def test_a_flipped_bit_anywhere_changes_no_answer(storage, cache):
    expected = everything(settled(storage, cache))
    chance = random.Random(0)
    for path in sorted((cache / "reports").iterdir()):
        sound = path.read_bytes()
        for _ in range(60):
            content = bytearray(sound)
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(content)
            assert everything(read_results(storage.root, cache)) == expected


@pytest.mark.usefixtures("many")
def test_where_nothing_can_be_kept_everything_is_read(storage, tmp_path):
    (tmp_path / "file").write_text("in the way")
    expected = everything(settled(storage, None))
    for cache in (tmp_path / "file", tmp_path / "file" / "below"):
        assert everything(read_results(storage.root, cache)) == expected


@pytest.mark.usefixtures("many")
def test_a_full_disk_keeps_nothing_and_leaves_nothing(storage, cache, full_disk):
    expected = everything(settled(storage, None))
    with full_disk(1000):
        assert everything(read_results(storage.root, cache)) == expected
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("many")
def test_several_processes_may_read_at_once(storage, cache):
    time.sleep(2.1)
    command = [sys.executable, "-c", READ_BY_ANOTHER, str(storage.root), str(cache)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {reader.communicate()[0] for reader in readers}
    assert [reader.returncode for reader in readers] == [0, 0]
    results = settled(storage, cache)
    assert said == {" ".join(str((trial.key, trial.result.score.m_j)) for trial in results) + "\n"}
    assert everything(results) == everything(read_results(storage.root, None))
