import shutil

import pytest

from model.data.errors import DataError
from model.data.fingerprint import data_fingerprint
from model.data.layout import SUBSET_FOLDERS


@pytest.mark.parametrize("task", ["s4", "ms3", "avss"])
def test_does_not_depend_on_the_place(synthetic, subset_copy, task):
    fingerprint = data_fingerprint(synthetic, task)

    assert len(fingerprint) == 16
    assert int(fingerprint, 16) >= 0
    assert data_fingerprint(synthetic / SUBSET_FOLDERS[task], task) == fingerprint
    assert data_fingerprint(subset_copy(task), task) == fingerprint


@pytest.mark.parametrize("name", ["s4_meta_data.csv", "dataset.json", "s4_data/gt_masks", "s4_data/audio_log_mel"])
def test_sees_changes_of_what_is_read(subset_copy, name):
    root = subset_copy("s4")
    before = data_fingerprint(root, "s4")
    path = root / name
    if path.is_dir():
        path = next(file for file in path.rglob("*") if file.is_file())
    path.write_bytes(path.read_bytes() + b"\n")
    assert data_fingerprint(root, "s4") != before


def test_ignores_what_is_not_read(subset_copy):
    root = subset_copy("s4")
    before = data_fingerprint(root, "s4")
    shutil.rmtree(root / "s4_data" / "audio_wav")
    (root / "notes.txt").write_text("mine")
    assert data_fingerprint(root, "s4") == before


def test_one_incomplete_clip_gives_another_fingerprint(subset_copy):
    root = subset_copy("s4")
    before = data_fingerprint(root, "s4")
    min((root / "s4_data" / "visual_frames" / "val").rglob("*.png")).unlink()

    assert data_fingerprint(root, "s4") != before


def test_an_incomplete_data_set_is_refused(subset_copy):
    root = subset_copy("s4")
    for path in (root / "s4_data" / "visual_frames" / "val").rglob("*_4.png"):
        path.unlink()
    with pytest.raises(
        DataError, match=r"2 of 2 val clips cannot be used.*_4\.png is missing: restore.*combo data check"
    ):
        data_fingerprint(root, "s4")


def test_unprepared_avss_is_to_be_prepared(subset_copy):
    root = subset_copy("avss")
    for folder in root.glob("v*/*/processed_frames"):
        shutil.rmtree(folder)
    with pytest.raises(DataError, match="prepare the released clips with 'combo data prepare'"):
        data_fingerprint(root, "avss")
