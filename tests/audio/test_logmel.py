from pathlib import Path

import numpy as np
import pytest

from model.audio.logmel import log_mel_examples, mel_matrix
from model.data.errors import DataError
from model.data.wav_file import read_wav

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN / "logmel.npz")


def test_equals_the_authors_front_end(golden):
    samples, rate = read_wav(GOLDEN / "audio_16k_mono_5s.wav")

    assert rate == 16_000
    np.testing.assert_array_equal(samples, golden["samples_16k"])
    np.testing.assert_allclose(log_mel_examples(samples, rate), golden["logmel_16k"], rtol=0, atol=1e-4)


def test_resamples_and_downmixes_like_the_authors(golden):
    samples, rate = read_wav(GOLDEN / "audio_44k1_stereo_3s.wav")

    assert (rate, samples.shape[1]) == (44_100, 2)
    np.testing.assert_allclose(log_mel_examples(samples, rate), golden["logmel_44k_stereo"], rtol=0, atol=0.01)


@pytest.mark.parametrize(
    ("name", "pcm", "examples", "rate", "tolerance"),
    [("vggish_logmel", "pcm_5s", "examples_5s", 16_000, 1e-4), ("vggish_logmel_44k", "pcm", "examples", 44_100, 2e-2)],
)
def test_equals_the_front_end_of_the_baselines(name, pcm, examples, rate, tolerance):
    stored = np.load(GOLDEN / f"{name}.npz")

    np.testing.assert_allclose(log_mel_examples(stored[pcm], rate), stored[examples], rtol=0, atol=tolerance)


def test_mel_filters_equal_the_authors(golden):
    np.testing.assert_allclose(mel_matrix(), golden["mel_matrix"], atol=1e-6)


@pytest.mark.parametrize(
    ("samples", "examples"), [(80_000, 5), (160_000, 10), (78_080, 5), (76_800, 4), (399, 0), (0, 0)]
)
def test_incomplete_examples_are_dropped(samples, examples):
    result = log_mel_examples(np.zeros(samples, dtype=np.int16), 16_000)

    assert result.shape == (examples, 1, 96, 64)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, np.log(0.01), rtol=1e-6)


def test_broken_wav_is_named(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    with pytest.raises(DataError, match=r"broken\.wav cannot be read"):
        read_wav(broken)
    with pytest.raises(DataError, match=r"absent\.wav is missing"):
        read_wav(tmp_path / "absent.wav")
