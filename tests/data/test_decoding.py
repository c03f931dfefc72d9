"""What a machine cannot read now is no fault of the data: no clip may be set aside for it."""

import errno
import os
import resource
from contextlib import contextmanager

import pytest

from model.data.avsbench import AVSBench
from model.data.decoding import read_decoded
from model.data.errors import FileError
from model.data.layout import clip_files
from model.data.loading import evaluation_batches
from model.data.log_mel_file import read_log_mel
from model.data.pictures import read_binary_mask, read_rgb
from model.data.wav_file import read_wav


@contextmanager
def no_open_files_left():
    """As many files are open as this process may have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def dataset(synthetic):
    return AVSBench(synthetic, "s4", "test", size=64)


READERS = {
    "frame": lambda files: read_rgb(files.frames[0], 64, ""),
    "mask": lambda files: read_binary_mask(files.masks[0], 64, ""),
    "log-mel": lambda files: read_log_mel(files.log_mel),
    "sound": lambda files: read_wav(files.wav),
}


@pytest.mark.parametrize("content", READERS)
def test_a_file_that_cannot_be_opened_for_want_of_open_files_is_not_called_damaged(dataset, content):
    files = clip_files("s4", dataset.root, dataset.entries[0])
    with no_open_files_left(), pytest.raises(OSError, match="Too many open files"):
        READERS[content](files)


@pytest.mark.parametrize("reads_ahead", [False, True])
def test_evaluation_ends_and_leaves_no_clip_out(dataset, reads_ahead):
    with no_open_files_left(), pytest.raises(OSError, match="Too many open files"):
        list(evaluation_batches(dataset, 0, 1, reads_ahead=reads_ahead))

    assert not dataset.quarantine.reasons


@pytest.mark.parametrize("content", READERS)
@pytest.mark.parametrize("in_its_place", ["nothing", "a folder", "a file instead of its folder"])
def test_what_lies_there_instead_of_a_file_is_the_datas_fault(dataset, tmp_path, content, in_its_place):
    files = clip_files("s4", tmp_path, dataset.entries[0])
    path = {"frame": files.frames[0], "mask": files.masks[0], "log-mel": files.log_mel, "sound": files.wav}[content]
    path.parent.parent.mkdir(parents=True)
    if in_its_place == "a folder":
        path.mkdir(parents=True)
    elif in_its_place != "nothing":
        path.parent.touch()

    with pytest.raises(FileError, match="is a folder" if in_its_place == "a folder" else "is missing"):
        READERS[content](files)


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EIO, "Input/output error")])
def test_a_decoder_that_fails_for_the_machine_blames_no_file(tmp_path, error):
    path = tmp_path / "file"
    path.touch()

    def decode(_file):
        raise error

    with pytest.raises(type(error)) as caught:
        read_decoded(path, decode, str, missing="", damaged="")
    assert caught.value is error


def test_the_reason_names_no_address_in_memory(tmp_path):
    path = tmp_path / "0.png"
    path.write_bytes(b"no picture")

    with pytest.raises(FileError, match=r"cannot be read as a picture \(no known format\): replace it"):
        read_rgb(path, 64, "")
