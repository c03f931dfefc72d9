"""Every kind of wav that the authors' reader takes becomes 16-bit samples; what is refused is told in plain words."""

import struct
import warnings

import av
import numpy as np
import pytest
from scipy.io import wavfile

from model.data.errors import FileError
from model.data.wav_file import read_wav

RATE = 16_000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
AS_INT16 = np.rint(TONE * 2**15).astype(np.int16)
PCM, FLOAT = 1, 3


def wav_bytes(data, bits=16, kind=PCM, order="<", rate=RATE, stated=None, before=b""):
    """A mono wav file in so many words; `stated` is the length that its header claims."""
    form = struct.pack(f"{order}HHIIHH", kind, 1, rate, rate * bits // 8 % 2**32, bits // 8, bits)
    head = b"WAVEfmt " + struct.pack(f"{order}I", len(form)) + form + before
    stated = len(data) if stated is None else stated
    body = head + b"data" + struct.pack(f"{order}I", stated) + data
    return (b"RIFX" if order == ">" else b"RIFF") + struct.pack(f"{order}I", len(body) % 2**32) + body


def high_bytes(order):
    """TONE as 24-bit samples."""
    whole = (TONE * 2**31).astype(f"{order}i4").view(np.uint8).reshape(-1, 4)
    return (whole[:, 1:] if order == "<" else whole[:, :3]).tobytes()


@pytest.fixture
def sound(tmp_path):
    """A function that stores bytes as a sound file and reads it."""

    def read(content):
        path = tmp_path / "clip.wav"
        path.write_bytes(content)
        return read_wav(path)

    return read


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "bits", "off"), [(PCM, 16, 0), (PCM, 24, 1), (PCM, 32, 1), (FLOAT, 32, 0), (FLOAT, 64, 0)]
)
def test_every_depth_is_read_in_both_byte_orders(sound, order, kind, bits, off):
    data = {
        (PCM, 16): AS_INT16.astype(f"{order}i2").tobytes(),
        (PCM, 24): high_bytes(order),
        (PCM, 32): (TONE * 2**31).astype(f"{order}i4").tobytes(),
        (FLOAT, 32): TONE.astype(f"{order}f4").tobytes(),
        (FLOAT, 64): TONE.astype(f"{order}f8").tobytes(),
    }[kind, bits]

    samples, rate = sound(wav_bytes(data, bits, kind, order))

    assert (rate, samples.dtype, samples.shape) == (RATE, np.int16, (RATE,))
    assert np.abs(samples.astype(int) - AS_INT16).max() <= off


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_16_bit_samples_come_bit_by_bit(tmp_path, channels, rate):
    stored = np.random.default_rng(0).integers(-(2**15), 2**15, (20_000, channels)).astype(np.int16)
    stored = stored[:, 0] if channels == 1 else stored
    wavfile.write(tmp_path / "clip.wav", rate, stored)

    samples, read_rate = read_wav(tmp_path / "clip.wav")

    assert read_rate == rate
    np.testing.assert_array_equal(samples, stored)


def test_8_bit_samples_are_unsigned(sound):
    samples, _ = sound(wav_bytes(bytes([0, 128, 255]) * 1000, bits=8))

    assert samples[:3].tolist() == [-(2**15), 0, 127 << 8]


@pytest.mark.parametrize("codec", ["pcm_mulaw", "pcm_alaw", "adpcm_ms", "adpcm_ima_wav", "libmp3lame"])
def test_compressed_kinds_sound_as_before(tmp_path, codec):
    path = tmp_path / "clip.wav"
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(AS_INT16[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        form = "s16p" if codec in ("adpcm_ima_wav", "libmp3lame") else "s16"
        resampler = av.AudioResampler(form, "mono", RATE, frame_size=stream.codec_context.frame_size or None)
        for part in (*resampler.resample(frame), None):
            container.mux(stream.encode(part))

    samples, rate = read_wav(path)

    heard = samples[4000:12_000].astype(float)
    spectrum = np.abs(np.fft.rfft(heard))
    assert rate == RATE
    assert spectrum.argmax() == 440 * len(heard) // RATE
    assert heard.std() == pytest.approx(AS_INT16.std(), rel=0.1)


@pytest.mark.parametrize("before", [b"", b"LIST" + struct.pack("<I", 60_000) + bytes(60_000)])
@pytest.mark.parametrize("tag", [b"", b"ID3\x04\0\0\0\0\x01\x10" + bytes(144)])
@pytest.mark.parametrize("stated", [None, 0, 2**32 - 1])
def test_tags_and_lengths_that_a_recorder_never_filled_in_are_passed_over(sound, before, tag, stated):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        samples, _ = sound(tag + wav_bytes(AS_INT16.tobytes(), before=before, stated=stated))

    np.testing.assert_array_equal(samples, AS_INT16)


def test_sound_that_was_cut_off_is_read_as_far_as_it_goes(sound):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        samples, _ = sound(wav_bytes(AS_INT16.tobytes())[:-10_000])

    np.testing.assert_array_equal(samples, AS_INT16[:-5000])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "cannot be read as a wav file (it is empty): replace it"),
        (b"ID3\x04\0\0\0\0\0\x05", "cannot be read as a wav file"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", "or it is another kind of file): replace it"),
        (wav_bytes(b""), "holds no sound after its header: replace it"),
        (wav_bytes(AS_INT16.tobytes(), rate=0), "cannot be read as a wav file"),
        (wav_bytes(AS_INT16.tobytes(), rate=500_000), "claims 500000 samples per second: replace it"),
        (wav_bytes(np.full(999, np.nan, "<f4").tobytes(), 32, FLOAT), "holds NaN or infinite samples: replace it"),
        (
            wav_bytes((TONE * 2**15).astype("<f4").tobytes(), 32, FLOAT),
            "holds floating-point samples up to 16384, though full scale is 1: write it again with samples from -1 to "
            "1",
        ),
    ],
)
def test_what_is_no_sound_is_refused_in_plain_words(sound, content, problem):
    with pytest.raises(FileError) as caught:
        sound(content)

    said = str(caught.value)
    assert problem in said
    assert not {"Errno", "Invalid data", "variable"} & set(said.split())
