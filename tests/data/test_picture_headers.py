"""Pictures are judged by their headers before they are decoded: size, depth, orientation."""

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from model.data.errors import FileError
from model.data.pictures import read_binary_mask, read_class_ids, read_rgb

GREY = np.linspace(0, 2**16 - 1, 64 * 64).astype(np.uint16).reshape(64, 64)


def png_bytes(width, height):
    """A black 1-bit PNG, some kilobytes however large it is."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_16_bit_grey_frames_keep_their_highest_8_bits(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "frame.png")

    frame = read_rgb(tmp_path / "frame.png", 64, "")

    assert frame.dtype == np.uint8
    np.testing.assert_array_equal(frame, np.stack([GREY >> 8] * 3, axis=-1))


@pytest.mark.parametrize("read", [read_binary_mask, lambda path, size, remedy: read_class_ids(path, size, 71, remedy)])
@pytest.mark.parametrize(
    ("pixels", "suffix", "depth"),
    [
        ((GREY > 9000).astype(np.uint16) * 255, "png", "16 bits a pixel"),
        ((GREY > 9000).astype(np.int32) * 255, "tif", "32 bits a pixel"),
        ((GREY > 9000).astype(np.float32), "tif", "floating-point pixels"),
    ],
)
def test_masks_of_another_depth_are_refused_by_their_depth(tmp_path, read, pixels, suffix, depth):
    path = tmp_path / f"mask.{suffix}"
    Image.fromarray(pixels).save(path)

    with pytest.raises(FileError, match=rf"mask\.{suffix} has {depth}: save it with 8 bits"):
        read(path, 64, "")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [None, 64])
@pytest.mark.parametrize(("width", "height"), [(8000, 8000), (20_000, 20_000)])
def test_a_small_file_that_claims_many_pixels_is_refused_before_it_is_decoded(tmp_path, size, width, height):
    path = tmp_path / "frame.png"
    path.write_bytes(png_bytes(width, height))

    with pytest.raises(FileError, match=r"frame\.png has more than 33 million pixels by its header: replace it"):
        read_rgb(path, size, "")


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_a_picture_to_be_turned_is_refused(tmp_path, suffix, orientation):
    path, exif = tmp_path / f"frame.{suffix}", Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (64, 64)).save(path, exif=exif)

    with pytest.raises(FileError, match=rf"is to be turned .* \(EXIF orientation {orientation}\).*: save it upright"):
        read_rgb(path, 64, "")


def test_an_upright_picture_may_say_so(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 1
    Image.new("RGB", (64, 64), (1, 2, 3)).save(tmp_path / "frame.png", exif=exif)

    assert read_rgb(tmp_path / "frame.png", 64, "")[0, 0].tolist() == [1, 2, 3]


def test_a_pipe_is_not_waited_for_and_a_huge_file_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2**40)

    with pytest.raises(FileError, match="is no regular file: replace it"):
        read_rgb(tmp_path / "pipe.png", 64, "")
    with pytest.raises(FileError, match="has 1048576 MiB, more than any file of a clip: replace it"):
        read_rgb(tmp_path / "huge.png", 64, "")
