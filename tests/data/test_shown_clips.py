"""Which clips are shown, and what of them is read beside what the network sees."""

import numpy as np
import pytest
from scipy.io import wavfile

from model.data.avsbench import AVSBench
from model.data.chosen_clips import first_by_category
from model.data.errors import DataError
from model.data.layout import IndexEntry, clip_files
from model.data.sample_clips import read_samples
from model.data.sound_outline import read_outline


def test_every_categorys_first_clip_comes_before_the_second_ones():
    names = [("cat", "a"), ("cat", "b"), ("cat", "c"), ("dog", "d"), ("tuba", "e"), ("tuba", "f")]
    order = first_by_category([IndexEntry(name, category, "test") for category, name in names])
    assert "".join(names[place][1] for place in order) == "adebfc"


def test_without_categories_clips_go_by_name():
    assert first_by_category([IndexEntry(name, "", "test") for name in "abc"]) == [0, 1, 2]


@pytest.mark.parametrize("channels", [1, 2])
def test_the_outline_of_a_sound_is_its_lowest_and_highest_sample_in_each_stretch(tmp_path, channels):
    samples = np.zeros((2 * 44_100, channels), dtype=np.int16)
    samples[44_100 + 221] = 3000  # the second stretch of the second second
    samples[44_100 + 440] = -2000
    wavfile.write(tmp_path / "sound.wav", 44_100, samples)
    outline = read_outline(tmp_path / "sound.wav", 5)

    assert outline.shape == (400, 2)
    assert outline.dtype == np.int16
    assert outline[201].tolist() == [-2000, 3000]
    assert not np.delete(outline, 201, axis=0).any()
    assert len(read_outline(tmp_path / "sound.wav", 1)) == 200


def test_a_clip_without_readable_sound_has_no_outline(tmp_path):
    (tmp_path / "damaged.wav").write_bytes(b"RIFF")
    wavfile.write(tmp_path / "short.wav", 16_000, np.zeros(10, dtype=np.int16))
    for name in ("absent.wav", "damaged.wav", "short.wav"):
        assert read_outline(tmp_path / name, 5).shape == (0, 2)


@pytest.mark.parametrize("task", ["s4", "ms3", "avss"])
def test_samples_are_the_clips_that_the_reader_reads(synthetic, task):
    (sample,) = read_samples(synthetic, task, ["synthetic", "semantic-sam", "sam"], (), slice(0, 1))
    dataset = AVSBench(synthetic, task, "test", 64)
    clip = dataset[first_by_category(dataset.entries)[0]]

    assert sample.entry.name == clip.name
    assert np.array_equal(sample.frames.transpose(0, 3, 1, 2), clip.frames)
    assert np.array_equal(sample.truth, clip.labels)
    assert len(sample.sound) == 200 * len(clip.frames)
    # They lie where the authors' do, and are not Semantic-SAM's.
    assert list(sample.maskiges) == ["synthetic"]
    assert np.array_equal(sample.maskiges["synthetic"].transpose(0, 3, 1, 2), clip.maskiges)


def test_samples_are_found_by_name_and_a_wrong_name_is_told(synthetic):
    names = [entry.name for entry in AVSBench(synthetic, "s4", "test", 64).entries]
    found = read_samples(synthetic, "s4", [], names[2:0:-1], slice(0, 1))
    assert [sample.entry.name for sample in found] == names[2:0:-1]
    with pytest.raises(DataError, match="has no test clip nothing: name another one"):
        read_samples(synthetic, "s4", [], ["nothing"], slice(0, 1))


def test_a_proposer_whose_maskiges_of_a_clip_are_incomplete_is_left_out(subset_copy):
    root = subset_copy("ms3")
    (whole,) = read_samples(root, "ms3", ["synthetic"], (), slice(0, 1))
    clip_files("ms3", root, whole.entry).maskiges[3].unlink()
    (lacking,) = read_samples(root, "ms3", ["synthetic"], (), slice(0, 1))
    assert (list(whole.maskiges), list(lacking.maskiges)) == (["synthetic"], [])


def test_more_clips_than_there_are_cannot_be_passed_over(synthetic):
    with pytest.raises(DataError, match="fewer than the figure passes over"):
        read_samples(synthetic, "ms3", [], (), slice(50, 51))
