"""Reading the sound files of AVSBench as 16-bit samples, whatever kind of wav they are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from model.data.decoding import read_decoded
from model.data.errors import FileError

if TYPE_CHECKING:
    import av

RATES = (1_000, 384_000)
"""What a sound file may have; a damaged header that says more would ask for a resampling filter of any size."""
OPENING = {"format_whitelist": "wav,w64,aiff,au,flac", "probesize": "4096"}
"""Looks for files of samples, never for a playlist that would open other files, and believes headers."""
LOUDEST = 8.0
"""Full scale of a float file is 1; mixes run over it, but a file of 16-bit numbers as floats would be all clipping."""
ID3_HEADER = 10


def read_wav(path: Path) -> tuple[NDArray[np.int16], int]:
    """Reads a sound file of any kind that FFmpeg decodes: integers, floats, µ-law, A-law, ADPCM, MP3 in wav.

    16-bit samples come as stored, bit by bit; decision 17 says how the other kinds become 16-bit.

    Returns:
        Samples, int16 (N,) or (N, channels), and their rate in Hz.

    Raises:
        FileError: if the file is missing, is no wav file, is empty, is damaged, holds numbers that are no sound, or has
            a rate that no sound has.
    """

    def decode(file: BinaryIO) -> tuple[NDArray[np.int16], int]:
        return _decode(path, file)

    samples, rate = read_decoded(path, decode, _problem, missing="restore the clip's sound", damaged="replace it")
    if not RATES[0] <= rate <= RATES[1]:
        raise FileError(path, "values", f"claims {rate} samples per second", "replace it")
    return samples, rate


def _decode(path: Path, file: BinaryIO) -> tuple[NDArray[np.int16], int]:
    import av  # not every machine that trains has it: released clips come with their log-mels

    content = _without_id3(file.read())
    if not content:
        raise FileError(path, "unreadable", "cannot be read as a wav file (it is empty)", "replace it")
    with av.open(io.BytesIO(content), "r", options=OPENING, metadata_errors="replace") as container:
        if not container.streams.audio:
            raise FileError(path, "unreadable", "holds no sound", "replace it")
        stream = container.streams.audio[0]
        decoder = _big_endian(stream.codec_context) if content.startswith(b"RIFX") else stream.codec_context
        blocks = [_interleaved(frame) for packet in container.demux(stream) for frame in decoder.decode(packet)]
        rate = decoder.sample_rate
    if not blocks:
        raise FileError(path, "length", "holds no sound after its header", "replace it")
    samples = _as_int16(path, np.concatenate(blocks))
    return (samples if samples.shape[1] > 1 else samples[:, 0]), rate


def _big_endian(header: av.AudioCodecContext) -> av.AudioCodecContext:
    """FFmpeg reads the header of RIFX in its own byte order, but would take the samples for those of RIFF."""
    import av

    if not header.name.endswith("le"):
        return header
    decoder = cast("av.AudioCodecContext", av.CodecContext.create(f"{header.name.removesuffix('le')}be", "r"))
    decoder.sample_rate, decoder.layout = header.sample_rate, header.layout
    return decoder


def _without_id3(content: bytes) -> bytes:
    """The file without the ID3v2 tag that some programs put before it; its size is 4 bytes of 7 bits each."""
    while content[:3] == b"ID3" and len(content) > ID3_HEADER:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
        content = content[ID3_HEADER + size :]
    return content


def _interleaved(frame: av.AudioFrame) -> NDArray[np.generic]:
    """Samples (N, channels) in the decoder's own numbers."""
    samples = frame.to_ndarray()
    return samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1)


def _as_int16(path: Path, samples: NDArray[np.generic]) -> NDArray[np.int16]:
    """Integers keep their highest 16 bits; floats are multiplied by 32768, rounded and clipped."""
    if samples.dtype == np.int16:
        return np.ascontiguousarray(samples, dtype=np.int16)
    if samples.dtype == np.uint8:
        return (samples.astype(np.int16) - 128) << 8
    if samples.dtype == np.int32:
        return (samples.astype(np.int32) >> 16).astype(np.int16)
    return _of_floats(path, samples.astype(np.float64))


def _of_floats(path: Path, samples: NDArray[np.float64]) -> NDArray[np.int16]:
    if not np.isfinite(samples).all():
        raise FileError(path, "values", "holds NaN or infinite samples", "replace it")
    loudest = float(np.abs(samples).max())
    if loudest > LOUDEST:
        problem = f"holds floating-point samples up to {loudest:.6g}, though full scale is 1"
        raise FileError(path, "values", problem, "write it again with samples from -1 to 1")
    return np.rint(samples * 2.0**15).clip(-(2**15), 2**15 - 1).astype(np.int16)


def _problem(_error: Exception) -> str:
    """What FFmpeg says names neither the file nor the place in it."""
    return "cannot be read as a wav file (its header or its sound is damaged, or it is another kind of file)"
