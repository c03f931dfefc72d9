"""Decoded clips on disk: the same clips, found by content, within a limit, whoever writes and whatever breaks."""

import os
import signal
import time

import numpy as np
import pytest

from model.data.avsbench import AVSBench
from model.data.clip_cache import IN_USE, ClipCache
from model.data.layout import clip_files
from tests.prepared_processes import PreparedProcesses

PROCESSES = PreparedProcesses("model.data.avsbench")
PLENTY = 2**30
ARRAYS = ("frames", "maskiges", "log_mel", "labels", "annotated")


def dataset(root, folder, task="s4", most_bytes=PLENTY, **settings):
    return AVSBench(root, task, "train", size=64, clip_cache=ClipCache(folder, most_bytes), **settings)


def read_all(clips):
    return [clips[place] for place in range(len(clips))]


def assert_same(clips, others):
    for one, other in zip(clips, others, strict=True):
        assert (one.name, one.category) == (other.name, other.category)
        for name in ARRAYS:
            first, second = getattr(one, name), getattr(other, name)
            assert (first is None) == (second is None)
            if first is not None:
                assert first.dtype == second.dtype
                np.testing.assert_array_equal(first, second)


def kept(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def no_decoding(monkeypatch):
    """From its call on, no picture can be decoded."""

    def forbid():
        def read(path, *_):
            raise AssertionError(f"{path} is decoded again")

        monkeypatch.setattr("model.data.avsbench.read_rgb", read)

    return forbid


@pytest.mark.parametrize(("task", "proposer"), [("s4", "synthetic"), ("ms3", None), ("avss", "synthetic")])
def test_clips_are_the_same_and_decoded_once(synthetic, tmp_path, no_decoding, task, proposer):
    expected = read_all(AVSBench(synthetic, task, "train", size=64, proposer=proposer))
    assert_same(read_all(dataset(synthetic, tmp_path, task, proposer=proposer)), expected)

    no_decoding()
    again = dataset(synthetic, tmp_path, task, proposer=proposer)
    assert_same(read_all(again), expected)
    assert_same(read_all(again), expected)
    assert len(kept(tmp_path)) == len(expected)


def test_a_file_of_other_content_makes_another_clip(subset_copy, tmp_path):
    """Its size, its name and its time may be the same."""
    root = subset_copy("s4")
    first, second = (clip_files("s4", root, entry) for entry in dataset(root, tmp_path).entries[:2])
    before = read_all(dataset(root, tmp_path))
    status = first.log_mel.stat()
    assert status.st_size == second.log_mel.stat().st_size
    first.log_mel.write_bytes(second.log_mel.read_bytes())
    os.utime(first.log_mel, ns=(status.st_atime_ns, status.st_mtime_ns))

    changed = dataset(root, tmp_path)[0]

    np.testing.assert_array_equal(changed.log_mel, before[1].log_mel)
    np.testing.assert_array_equal(changed.frames, before[0].frames)


def test_a_clip_that_cannot_be_used_is_told_of_as_without_a_cache(subset_copy, tmp_path):
    root = subset_copy("s4")
    plain = AVSBench(root, "s4", "train", size=64)
    files = clip_files("s4", root, plain.entries[0])
    files.frames[2].write_bytes(b"no picture")
    with pytest.raises(ValueError, match="cannot be read as a picture") as without:
        plain[0]
    for _ in range(2):
        with pytest.raises(ValueError, match="cannot be read as a picture") as with_cache:
            dataset(root, tmp_path / "cache")[0]
        assert str(with_cache.value) == str(without.value)
    files.frames[2].unlink()
    with pytest.raises(ValueError, match=r"_3\.png is missing"):
        dataset(root, tmp_path / "cache")[0]
    assert not (tmp_path / "cache").exists()


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def emptied(path):
    os.truncate(path, 0)


def one_bit_turned(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, emptied, one_bit_turned])
def test_a_torn_file_is_made_again(synthetic, tmp_path, damage):
    expected = dataset(synthetic, tmp_path)[0]
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    assert_same([dataset(synthetic, tmp_path)[0]], [expected])
    expected = AVSBench(synthetic, "s4", "train", size=64)[0]
    damage(path)

    assert_same([dataset(synthetic, tmp_path)[0]], [expected])
    assert path.read_bytes() == whole


def test_the_limit_holds_and_clips_in_use_stay(synthetic, tmp_path):
    clips = dataset(synthetic, tmp_path)
    clips[0]
    (first,) = tmp_path.iterdir()
    limit = 3 * first.stat().st_size + 100

    read_all(dataset(synthetic, tmp_path, most_bytes=limit))
    filled = kept(tmp_path)
    assert len(filled) == 3
    assert first.name in filled

    read_all(dataset(synthetic, tmp_path, most_bytes=limit))
    assert kept(tmp_path) == filled


def test_clips_long_unused_make_room(synthetic, tmp_path):
    names = []
    for place in range(3):
        dataset(synthetic, tmp_path)[place]
        names += set(kept(tmp_path)) - set(names)
    unused = time.time() - IN_USE - 60
    for age, name in enumerate(names):
        os.utime(tmp_path / name, (unused - age, unused - age))
    left_by_a_killed_process = tmp_path / ".x.clip.0123.draft"
    left_by_a_killed_process.write_bytes(b"half")
    os.utime(left_by_a_killed_process, (unused, unused))
    limit = 3 * (tmp_path / names[0]).stat().st_size

    later = dataset(synthetic, tmp_path, most_bytes=limit)
    assert_same([later[2]], [AVSBench(synthetic, "s4", "train", size=64)[2]])
    later[5]

    now = set(kept(tmp_path))
    assert now & set(names) == {names[2]}, "the one that was used again stays"
    assert len(now) == 2
    assert not left_by_a_killed_process.exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(synthetic, tmp_path, caplog):
    place = tmp_path / "a file"
    place.write_text("")
    clips = dataset(synthetic, place / "clips")
    assert_same(read_all(clips), read_all(AVSBench(synthetic, "s4", "train", size=64)))
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "decoded clips are not kept, and will be decoded again"
    ]


def fill(root, folder, rounds):
    for _ in range(rounds):
        read_all(dataset(root, folder))


def fill_for_ever(root, folder):
    while True:
        for path in folder.glob("*.clip"):
            path.unlink(missing_ok=True)
        read_all(dataset(root, folder))


def test_two_writers_at_once_and_one_that_is_killed(synthetic, tmp_path):
    expected = read_all(AVSBench(synthetic, "s4", "train", size=64))
    writers = [PROCESSES.start(fill, synthetic, tmp_path, 2) for _ in range(2)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    names = kept(tmp_path)
    assert len(names) == len(expected)

    killed = PROCESSES.start(fill_for_ever, synthetic, tmp_path)
    deadline = time.monotonic() + 30
    while set(names) <= set(kept(tmp_path)) and time.monotonic() < deadline:
        pass
    time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.join()

    assert_same(read_all(dataset(synthetic, tmp_path)), expected)
    assert set(names) <= set(kept(tmp_path))
