import json

import pytest

from model.data.errors import DataError
from model.data.synthetic.writer import write_synthetic


def _content(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("task", ["s4", "ms3", "avss"])
def test_equal_requests_give_equal_bytes(task, tmp_path):
    for place in ("first", "second"):
        write_synthetic(task, tmp_path / place, 6, seed=5, size=32)
    write_synthetic(task, tmp_path / "other", 6, seed=6, size=32)

    assert _content(tmp_path / "first") == _content(tmp_path / "second")
    assert _content(tmp_path / "first") != _content(tmp_path / "other")


def test_a_complete_subset_is_left_alone(tmp_path):
    first = write_synthetic("s4", tmp_path, 3, seed=0, size=32)
    stamp = (first.root / "dataset.json").stat().st_mtime_ns
    again = write_synthetic("s4", tmp_path, 3, seed=0, size=32)

    assert (first.created, again.created) == (True, False)
    assert first.clips == again.clips == {"train": 1, "val": 1, "test": 1}
    assert (first.root / "dataset.json").stat().st_mtime_ns == stamp


def test_another_request_at_the_same_place_is_refused(tmp_path):
    root = write_synthetic("s4", tmp_path, 3, seed=0, size=32).root
    before = _content(root)
    with pytest.raises(DataError, match="'seed': 0"):
        write_synthetic("s4", tmp_path, 3, seed=1, size=32)
    assert _content(root) == before


def test_foreign_data_are_refused(tmp_path):
    real = tmp_path / "AVSBench_object" / "Single-source"
    real.mkdir(parents=True)
    (real / "s4_meta_data.csv").write_text("precious")
    with pytest.raises(DataError, match="did not write"):
        write_synthetic("s4", tmp_path, 3, seed=0, size=32)
    assert (real / "s4_meta_data.csv").read_text() == "precious"


class _KilledError(Exception):
    pass


def test_an_interrupted_write_leaves_nothing_and_is_redone(tmp_path):
    def kill_at_second(done, _total):
        if done == 2:
            raise _KilledError

    with pytest.raises(_KilledError):
        write_synthetic("s4", tmp_path / "cut", 4, seed=0, size=32, on_progress=kill_at_second)
    assert not (tmp_path / "cut" / "AVSBench_object" / "Single-source").exists()

    assert write_synthetic("s4", tmp_path / "cut", 4, seed=0, size=32).created
    write_synthetic("s4", tmp_path / "whole", 4, seed=0, size=32)
    assert _content(tmp_path / "cut") == _content(tmp_path / "whole")


def test_progress_and_record(tmp_path):
    calls = []
    root = write_synthetic("ms3", tmp_path, 4, 7, 32, on_progress=lambda done, total: calls.append((done, total))).root

    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    record = json.loads((root / "dataset.json").read_text())
    assert record == {"generator_version": 1, "task": "ms3", "clips": 4, "seed": 7, "size": 32}


@pytest.mark.parametrize(
    ("task", "clips", "seed", "size", "message"),
    [
        ("s4", 2, 0, 32, "at least 3"),
        ("s4", 3, -1, 32, "seed -1"),
        ("s4", 3, 0, 100, "multiple of 32"),
        ("s4", 3, 0, 0, "multiple of 32"),
        ("s5", 3, 0, 32, "no subset 's5'"),
    ],
)
def test_impossible_requests_are_refused(tmp_path, task, clips, seed, size, message):
    with pytest.raises(DataError, match=message):
        write_synthetic(task, tmp_path, clips, seed, size)
    assert not any(tmp_path.iterdir())
