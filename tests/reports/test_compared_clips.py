"""Test clips beside each other on the qualitative page."""

import io

import numpy as np
import pytest
from PIL import Image

from experiments.prediction_record import ShownClass
from model.config import IGNORED
from reports.site.clip_strips import CELL, GAP, outlined_strip
from reports.site.compared_clips import SHOWN, compare_clips
from reports.stored.results import read_results
from reports.tables.table import build_table
from tests.reports.fake_storage import Storage
from tests.reports.predicted_clips import clip_prediction, store_prediction
from tests.reports.site_contents import table7


@pytest.fixture
def storage(tmp_path):
    """Two seeds of the first row are finished, one of the second."""
    storage = Storage(tmp_path)
    for trial in (table7()[1][index] for index in (0, 1, 3)):
        storage.finish(trial, 0.6, 0.7)
    return storage


def compared(storage):
    return compare_clips(build_table(*table7(), read_results(storage.root, None)))


def test_rows_show_the_same_clips_of_their_lowest_seed(storage):
    for index in (0, 1, 3):
        for rank in range(SHOWN + 1):
            prediction = clip_prediction(f"clip-{rank}", m_j=index / 10)
            store_prediction(storage.root, table7()[1][index], prediction, rank, chosen=SHOWN + 1)
    clips, problems = compared(storage)
    assert [clip.name for clip in clips] == [f"clip-{rank}" for rank in range(SHOWN)]
    assert [(view.label, view.seed, view.m_j) for view in clips[0].views] == [("0", 0, 0.0), ("5", 0, 30.0)]
    assert clips[0].views[0].truth == clips[0].views[1].truth
    assert not problems


def test_a_row_without_a_clip_is_left_out_of_it_and_damage_is_told(storage):
    first, second = table7()[1][0], table7()[1][3]
    for trial in (first, second):
        store_prediction(storage.root, trial, clip_prediction("clip-0"), 0)
    path = store_prediction(storage.root, second, clip_prediction("clip-1"), 1)
    store_prediction(storage.root, first, clip_prediction("clip-1"), 1)
    path.write_bytes(path.read_bytes()[:100])
    clips, problems = compared(storage)
    assert [len(clip.views) for clip in clips] == [2, 1]
    assert "damaged" in problems[0].what


def test_the_picture_stays_and_a_line_surrounds_what_is_segmented():
    frames = np.full((2, 64, 64, 3), 200, dtype=np.uint8)
    ids = np.zeros((2, 64, 64), dtype=np.uint8)
    ids[0, 16:48, 16:48] = 3
    ids[1, :, :] = IGNORED
    strip = outlined_strip(frames, ids, [ShownClass(id=3, name="dog", colour=(0, 0, 250))])
    pixels = np.asarray(Image.open(io.BytesIO(strip)).convert("RGB")).astype(int)
    middle = CELL // 2
    assert abs(pixels[middle, middle] - 200).max() < 10
    assert abs(pixels[middle, CELL // 4 + 1] - (0, 0, 250)).max() < 90
    assert abs(pixels[middle, CELL + GAP + middle] - 200).max() < 10
