import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from model.data.errors import DataError
from model.data.log_mel_file import log_mel_pickle, read_log_mel


@pytest.fixture
def examples():
    return np.random.default_rng(0).standard_normal((5, 1, 96, 64)).astype(np.float32)


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_reads_the_authors_pickles(tmp_path, examples, requires_grad, protocol):
    path = tmp_path / "clip.pkl"
    path.write_bytes(pickle.dumps(torch.from_numpy(examples).requires_grad_(requires_grad), protocol))

    np.testing.assert_array_equal(read_log_mel(path), examples)


def test_own_pickles_open_with_plain_pickle_and_are_reproducible(tmp_path, examples):
    content = log_mel_pickle(examples, requires_grad=True)
    tensor = pickle.loads(content)
    path = tmp_path / "clip.pkl"
    path.write_bytes(content)

    assert content == log_mel_pickle(examples.copy(), requires_grad=True)
    assert tensor.requires_grad
    np.testing.assert_array_equal(tensor.detach().numpy(), examples)
    np.testing.assert_array_equal(read_log_mel(path), examples)


class _Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_a_bomb_is_refused_and_does_not_run(tmp_path):
    path, trace = tmp_path / "bomb.pkl", tmp_path / "exploded"
    path.write_bytes(pickle.dumps(_Bomb(trace)))
    with pytest.raises(DataError, match=r"bomb\.pkl asks for 'pathlib\."):
        read_log_mel(path)
    assert not trace.exists()


def test_a_bomb_inside_the_storage_does_not_run(tmp_path):
    path, trace = tmp_path / "bomb.pkl", tmp_path / "exploded"
    inner = tmp_path / "inner.pt"
    torch.save(_Bomb(trace), inner)

    class Storage:
        def __reduce__(self):
            return torch.storage._load_from_bytes, (inner.read_bytes(),)

    path.write_bytes(pickle.dumps(Storage()))
    with pytest.raises(DataError, match=r"bomb\.pkl is damaged"):
        read_log_mel(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", pickle.dumps([1, 2]), pickle.dumps(torch.zeros(5, 96, 64))])
def test_other_content_is_refused(tmp_path, content):
    path = tmp_path / "odd.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"odd\.pkl is"):
        read_log_mel(path)


def test_a_truncated_file_is_refused(tmp_path, examples):
    path = tmp_path / "cut.pkl"
    path.write_bytes(log_mel_pickle(examples, requires_grad=True)[:5000])
    with pytest.raises(DataError, match=r"cut\.pkl is damaged"):
        read_log_mel(path)
