"""`combo_lab.load_model`: three lines from a trial to masks."""

import combo_lab
import numpy as np
import pytest

from experiments.errors import InputError
from tests.prediction.videos import write_video


@pytest.fixture(scope="module")
def model(storage, trials):
    return combo_lab.load_model(trials[0].key, storage=storage)


def test_a_video_becomes_masks_scores_and_timings(model, tmp_path):
    masks, scores, timings = model.predict(write_video(tmp_path / "two.mp4", 2))

    assert masks.shape == scores.shape
    assert (len(masks), masks.dtype, scores.dtype) == (2, np.uint8, np.float32)
    assert 0 < masks.mean() < 1
    assert np.array_equal(masks > 0, scores > 0.5)
    assert timings[["begin", "end"]].to_numpy().tolist() == [[0.0, 1.0], [1.0, 2.0]]
    assert (timings["took"] > 0).all()


def test_a_clip_of_a_data_set_is_a_folder_of_pictures_and_a_sound(model, clips):
    clip = next(clips.glob("**/visual_frames/test/*/*"))
    sound = next(clips.glob(f"**/audio_wav/test/*/{clip.name}.wav"))
    masks, _, timings = model.predict(clip, sound=sound, frame_rate=1)

    assert masks.shape == (5, 32, 32)
    assert list(timings["begin"]) == [0, 1, 2, 3, 4]


def test_it_says_what_it_was_trained_as(model):
    assert model.task == "s4"
    assert model.settings["data.size"] == 32
    assert len(model.checksum) == 64


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("0123456789abcdef", "trial 0123456789abcdef: has no result in this storage"),
        ("nowhere", "checkpoint 'nowhere': does not exist"),
    ],
)
def test_what_has_no_weights_is_refused(storage, name, sentence):
    with pytest.raises(InputError, match=sentence):
        combo_lab.load_model(name, storage=storage)


def test_less_than_a_mask_a_second_is_refused(model, tmp_path):
    with pytest.raises(InputError, match="rate 0: is no number of masks per second"):
        model.predict(tmp_path / "any.mp4", rate=0)
