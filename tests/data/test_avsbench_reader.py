import csv
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from model.audio.logmel import log_mel_examples
from model.data.avsbench import AVSBench
from model.data.errors import DataError
from model.data.synthetic.clip_writer import sounding_classes
from model.data.synthetic.picture import draw
from model.data.synthetic.plan import plan_clips


def _planned(task, clips, seed=3):
    return {clip.entry.name: clip for clip in plan_clips(task, clips, seed)}


@pytest.mark.parametrize("split", ["train", "val", "test"])
@pytest.mark.parametrize(("task", "clips"), [("s4", 20), ("ms3", 12), ("avss", 18)])
def test_reads_back_what_was_planned(synthetic, task, clips, split):
    dataset = AVSBench(synthetic, task, split, size=64)
    planned = _planned(task, clips)
    for clip in (dataset[index] for index in range(len(dataset))):
        plan = planned[clip.name]
        frames, regions = draw(plan.scene, 64, plan.rng("picture"))
        labels = sounding_classes(plan, regions)[clip.annotated]
        seconds = plan.scene.seconds
        assert (plan.entry.split, plan.entry.category) == (split, clip.category)
        assert clip.frames.shape == clip.maskiges.shape == (seconds, 3, 64, 64)
        assert clip.frames.dtype == clip.maskiges.dtype == np.uint8
        assert (clip.log_mel.shape, clip.log_mel.dtype) == ((seconds, 1, 96, 64), np.float32)
        assert clip.labels.dtype == np.int64
        np.testing.assert_array_equal(clip.labels, labels if task == "avss" else labels > 0)
        if task != "avss":
            np.testing.assert_array_equal(clip.frames, frames.transpose(0, 3, 1, 2))


def test_lengths_and_order(synthetic):
    datasets = [AVSBench(synthetic, "s4", split, size=64) for split in ("train", "val", "test")]

    assert [len(dataset) for dataset in datasets] == [14, 2, 4]
    order = [(entry.category, entry.name) for entry in datasets[0].entries]
    assert order == sorted(order)


def test_annotated_frames(synthetic):
    assert AVSBench(synthetic, "s4", "train", size=64)[0].annotated.tolist() == [True, False, False, False, False]
    assert AVSBench(synthetic, "s4", "test", size=64)[0].annotated.all()
    for split in ("train", "test"):
        dataset = AVSBench(synthetic, "avss", split, size=64)
        for clip in (dataset[index] for index in range(len(dataset))):
            first_only = (clip.category, split) == ("v1s", "train")
            assert clip.annotated.sum() == (1 if first_only else len(clip.frames)) == len(clip.labels)


@pytest.mark.parametrize("place", [".", "AVSBench_object", "AVSBench_object/Single-source"])
def test_root_may_be_any_of_three_folders(synthetic, place):
    assert len(AVSBench(synthetic / place, "s4", "val", size=64)) == 2


def test_cached_clips_are_the_same(synthetic):
    dataset = AVSBench(synthetic, "s4", "val", size=64, cache_bytes=2**30)

    assert dataset[1] is dataset[1]
    np.testing.assert_array_equal(dataset[1].frames, AVSBench(synthetic, "s4", "val", size=64)[1].frames)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_hand_made_s4_tree(tmp_path, mode):
    """No log-mel file, stereo sound at another rate, 1-bit or palette masks, an index with odd columns and a BOM."""
    data = tmp_path / "s4_data"
    inside = np.zeros((64, 64), dtype=np.uint8)
    inside[10:30, 20:50] = 255
    for folder in ("visual_frames", "gt_masks", "pre_SAM_mask"):
        (data / folder / "val" / "dog_barking" / "-a_b").mkdir(parents=True)
    for k in range(1, 6):
        frame = Image.new("RGB", (64, 64), (k, 0, 0))
        frame.save(data / f"visual_frames/val/dog_barking/-a_b/-a_b_{k}.png")
        frame.save(data / f"pre_SAM_mask/val/dog_barking/-a_b/-a_b_{k}_mask_color.png")
        mask = Image.fromarray(inside)
        if mode == "P":
            mask.putpalette([0] * 768)
        (mask.convert("1") if mode == "1" else mask).save(data / f"gt_masks/val/dog_barking/-a_b/-a_b_{k}.png")
    samples = np.random.default_rng(0).integers(-3000, 3000, (44_100 * 4, 2)).astype(np.int16)
    (data / "audio_wav" / "val" / "dog_barking").mkdir(parents=True)
    wavfile.write(data / "audio_wav" / "val" / "dog_barking" / "-a_b.wav", 44_100, samples)
    (tmp_path / "s4_meta_data.csv").write_text(
        "\ufeffname,start,category,split,note\n-a_b,0,dog_barking,val,x\n\n", encoding="utf-8"
    )

    (clip,) = AVSBench(tmp_path, "s4", "val", size=64)

    assert clip.frames[:, 0, 0, 0].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(clip.labels, np.stack([inside // 255] * 5))
    np.testing.assert_array_equal(clip.log_mel[:4], log_mel_examples(samples, 44_100))
    np.testing.assert_array_equal(clip.log_mel[4], clip.log_mel[3])


def test_missing_log_mel_comes_from_the_sound(synthetic, subset_copy):
    root = subset_copy("avss")
    for path in root.rglob("audio.pkl"):
        path.unlink()
    whole, without = (AVSBench(place, "avss", "train", size=64) for place in (synthetic, root))
    for index in range(len(whole)):
        np.testing.assert_array_equal(whole[index].log_mel, without[index].log_mel)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("visual_frames/test/*/*/*_3.png", "is missing: restore"),
        ("gt_masks/test/*/*/*_3.png", "is missing: restore"),
        ("pre_SAM_mask/test/*/*/*_3_mask_color.png", "is missing: put the published Maskiges"),
    ],
)
def test_a_missing_picture_is_named(subset_copy, pattern, message):
    root = subset_copy("s4")
    paths = sorted((root / "s4_data").glob(pattern))
    paths[0].unlink()
    with pytest.raises(DataError, match=message) as caught:
        AVSBench(root, "s4", "test", size=64)[0]
    assert str(paths[0]) in str(caught.value)


def test_missing_sound_is_named(subset_copy):
    root = subset_copy("ms3")
    for path in [*root.rglob("*.pkl"), *root.rglob("*.wav")]:
        path.unlink()
    with pytest.raises(DataError, match=r"\.wav is missing"):
        AVSBench(root, "ms3", "test", size=64)[0]


def test_unprepared_avss_says_so(subset_copy):
    root = subset_copy("avss")
    for folder in root.glob("v*/*/processed_frames"):
        shutil.rmtree(folder)
    with pytest.raises(DataError, match="prepare the released clips with 'combo data prepare'"):
        AVSBench(root, "avss", "test", size=64)[0]


def test_damaged_picture_is_named(subset_copy):
    root = subset_copy("s4")
    path = min((root / "s4_data" / "visual_frames" / "val").rglob("*_1.png"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="cannot be read as a picture"):
        AVSBench(root, "s4", "val", size=64)[0]


def test_wrong_size_is_refused(synthetic):
    with pytest.raises(DataError, match=r"is 64x64, not 224x224: set data\.size"):
        AVSBench(synthetic, "s4", "val")[0]


@pytest.mark.parametrize(
    ("mode", "value", "message"), [("L", 1, "must store 0 and 255"), ("RGB", (255, 0, 0), "labels have one channel")]
)
def test_masks_that_would_read_as_empty_are_refused(subset_copy, mode, value, message):
    root = subset_copy("s4")
    for path in (root / "s4_data" / "gt_masks" / "val").rglob("*.png"):
        Image.new(mode, (64, 64), value).save(path)
    with pytest.raises(DataError, match=message):
        AVSBench(root, "s4", "val", size=64)[0]


def test_unknown_class_is_refused(subset_copy):
    root = subset_copy("avss")
    for path in root.glob("v*/*/processed_labels_semantic/0.png"):
        Image.new("L", (64, 64), 71).save(path)
    with pytest.raises(DataError, match="stores class 71: ids run from 0 to 70"):
        AVSBench(root, "avss", "val", size=64)[0]


def test_no_data_says_where_it_looked(tmp_path):
    with pytest.raises(DataError, match=r"no MS3 data in .*ms3_meta_data\.csv.*combo data synth"):
        AVSBench(tmp_path, "ms3", "train")


def test_unknown_split_is_refused(synthetic):
    with pytest.raises(DataError, match="no split 'dev': use one of train, val, test"):
        AVSBench(synthetic, "s4", "dev")


def test_empty_split_is_refused(subset_copy):
    root = subset_copy("s4")
    (root / "s4_meta_data.csv").write_text("name,start,category,split\n")
    with pytest.raises(DataError, match="has no train clips"):
        AVSBench(root, "s4", "train")


@pytest.mark.parametrize(
    ("task", "rows", "message"),
    [
        ("s4", [["name", "split"], ["a", "train"]], "has columns"),
        ("s4", [["name", "start", "category", "split"], ["a", "0", "dog_barking", "trian"]], "split 'trian'"),
        ("s4", [["name", "start", "category", "split"], ["../../etc", "0", "dog_barking", "train"]], "is a path"),
        ("avss", [["uid", "label"], ["a", "v2"]], "has columns"),
        ("avss", [["uid", "label", "split"], ["a", "v3", "train"]], "label 'v3'"),
        ("avss", [["uid", "label", "split"], ["a", "v2"]], "shorter than the header"),
        ("ms3", [], "has columns"),
        ("ms3", [["video_id", "split"], ["", "train"]], "'' is no name"),
        ("ms3", [["video_id", "split"], ["a\0b", "train"]], r"'a\\x00b' is no name"),
        (
            "s4",
            [["name", "start", "category", "split"], ["a", "0", "dog\x1b[31m", "train"]],
            r"'dog\\x1b\[31m' is no name",
        ),
        ("ms3", [["video_id", "split"], ["a" * 200_000, "train"]], "cannot be read as a csv file"),
    ],
)
def test_broken_index_is_refused(subset_copy, task, rows, message):
    root = subset_copy(task)
    index = root / {"s4": "s4_meta_data.csv", "ms3": "ms3_meta_data.csv", "avss": "metadata.csv"}[task]
    with index.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(DataError, match=message):
        AVSBench(root, task, "train")


def test_an_index_in_another_encoding_is_refused(subset_copy):
    root = subset_copy("ms3")
    (root / "ms3_meta_data.csv").write_bytes("video_id,split\ncafé,train\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"ms3_meta_data\.csv cannot be read as a csv file in UTF-8"):
        AVSBench(root, "ms3", "train")
