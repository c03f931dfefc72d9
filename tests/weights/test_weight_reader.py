"""One reader for all files of weights: what training code wraps around weights is taken off and said, and never run."""

import argparse
import copy
import datetime
import enum
import io
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from collections import Counter, OrderedDict, defaultdict
from contextlib import suppress
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel

from model.weights.errors import CheckpointError
from model.weights.foreign_file import read_tensors, read_weights


class Colour(enum.Enum):
    RED = 1


class Settings(dict):
    pass


class Trainer:
    """Of somebody's own code; making one would leave a trace."""

    made = 0

    def __init__(self):
        self.buffer = torch.ones(2)

    def __setstate__(self, state):
        Trainer.made += 1


class Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def state():
    """Tensors of every layout: plain, transposed, sliced, expanded, empty, a number."""
    generator = torch.Generator().manual_seed(0)
    return OrderedDict(
        {
            "backbone.conv.weight": torch.randn(3, 4, generator=generator),
            "backbone.norm.weight": torch.randn(6, 4, generator=generator).half().t()[1:],
            "head.weight": torch.randn(10, generator=generator)[::3],
            "head.bias": torch.full((), 2.5).expand(5, 2),
            "head.none": torch.empty(0, 3),
            "head.scale": torch.tensor(7),
        }
    )


def prefixed(prefix):
    return OrderedDict((prefix + name, value) for name, value in state().items())


def assert_read(path, remarks=()):
    weights = read_weights(path)
    wanted = state()
    assert list(weights.tensors) == list(wanted)
    assert all(torch.equal(weights.tensors[name], value) for name, value in wanted.items())
    assert [weights.tensors[name].dtype for name in wanted] == [value.dtype for value in wanted.values()]
    assert weights.remarks == tuple(remarks)


def saved(folder, content, form="new"):
    path = folder / f"{form}.pth"
    if form == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "new")
    return path


def refusal(path):
    with pytest.raises(CheckpointError) as refused:
        read_weights(path)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{path} ")
    return line


FORMS = pytest.mark.parametrize("form", ["new", "old", "pickle"])


@FORMS
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "net.", "_orig_mod.module.model."])
def test_a_prefix_of_all_names_is_taken_off_and_said(tmp_path, form, prefix):
    path = saved(tmp_path, {"model": prefixed(prefix)}, form)
    assert_read(path, [f"without the prefix '{prefix}' of all names"])


def test_a_prefix_of_some_names_stays(tmp_path):
    path = saved(tmp_path, {"module.a": torch.ones(1), "b": torch.ones(1)})
    assert list(read_tensors(path)) == ["module.a", "b"]


@FORMS
@pytest.mark.parametrize(
    ("content", "entry"),
    [
        ({"model": state(), "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}, "iteration": 9}, ""),
        ({"state_dict": state(), "epoch": 3}, "state_dict"),
        ({"model_state_dict": state(), "loss": 0.1}, "model_state_dict"),
        ({"net": state()}, "net"),
        ({"ema_state_dict": state()}, "ema_state_dict"),
        ({"state_dict_ema": state()}, "state_dict_ema"),
        ({"model": None, "state_dict": state()}, "state_dict"),
        ({"state_dict": {"model": state()}}, "state_dict.model"),
        ({"weights": state()}, "weights"),
        ({"checkpoint": {"model": state()}, "rng": torch.get_rng_state()}, "checkpoint.model"),
    ],
)
def test_the_usual_wrappers_are_looked_into(tmp_path, form, content, entry):
    assert_read(saved(tmp_path, content, form), [f"from its '{entry}'"] if entry else [])


def test_of_weights_and_their_average_the_weights_are_taken_and_it_is_said(tmp_path):
    other = OrderedDict((name, torch.zeros(1)) for name in state())
    path = saved(tmp_path, {"state_dict_ema": other, "model": state()})
    assert_read(path, ["from its 'model'", "not from state_dict_ema"])


def test_of_equals_under_unknown_names_none_is_taken(tmp_path):
    path = saved(tmp_path, {"student": state(), "teacher": state()})
    assert "holds tensors by name more than once, as student, teacher: save those that are wanted" in refusal(path)


@FORMS
@pytest.mark.parametrize(
    "beside",
    [
        {"best": np.float64(0.8), "history": np.zeros(3), "names": np.array(["a"]), "odd": np.array([None], object)},
        {"args": argparse.Namespace(lr=1e-4, folder=PurePosixPath("/x"))},
        {"log": defaultdict(list, {"loss": [1.0]}), "count": Counter("aab")},
        {"torch": torch.get_rng_state(), "numpy": np.random.get_state(), "python": random.getstate()},
        {"generator": np.random.default_rng(0), "device": torch.device("cpu"), "dtype": torch.float16},
        {"cfg": {"a": {1}, "b": 1j, "c": b"x", "d": range(3), "e": slice(1, 2), "f": bytearray(b"y")}},
        {"when": datetime.datetime(2024, 1, 1), "colour": Colour.RED, "path": Path("/x"), "kind": Settings},
        {"settings": Settings(a=1), "call": len, "sparse": torch.eye(3).to_sparse()},
    ],
    ids=lambda beside: next(iter(beside)),
)
def test_what_lies_beside_the_weights_is_passed_over(tmp_path, form, beside):
    assert_read(saved(tmp_path, {**beside, "model": state()}, form))


@FORMS
def test_a2_no_object_beside_the_weights_is_made(tmp_path, form):
    Trainer.made = 0
    path = saved(tmp_path, {"model": state(), "trainer": Trainer(), "class": Trainer}, form)
    assert_read(path)
    assert Trainer.made == 0


@FORMS
def test_a2_a_file_that_asks_for_running_code_is_refused_wherever_it_asks(tmp_path, form):
    path = saved(tmp_path, {"model": state(), "args": Bomb(tmp_path / "trace")}, form)
    assert "asks for 'posix.mkdir', which no weights need, so it was not loaded" in refusal(path)
    assert not (tmp_path / "trace").exists()


@FORMS
def test_a2_what_reads_a_file_cannot_be_changed_by_it(tmp_path, form):
    class Changed(torch.Tensor):
        def __reduce_ex__(self, protocol):
            function, arguments = torch.ones(2).__reduce_ex__(protocol)
            return function, arguments, {"shape": (10**6,)}

    path = saved(tmp_path, {"weight": torch.ones(2).as_subclass(Changed)}, form)
    assert "is damaged" in refusal(path)


def test_entries_of_a_state_dict_that_are_no_tensors_are_named_and_left(tmp_path):
    path = saved(tmp_path, {**state(), "epoch": 3, "args": argparse.Namespace()})
    assert_read(path, ["without what is no tensor (epoch, args)"])


@FORMS
def test_parameters_and_averages_are_tensors(tmp_path, form):
    linear = torch.nn.Linear(2, 2)
    average = AveragedModel(linear)
    content = {name: torch.nn.Parameter(value) for name, value in average.state_dict().items() if value.dim()}
    path = saved(tmp_path, {"state_dict": {**content, "n_averaged": torch.tensor(3)}}, form)
    weights = read_weights(path).without_extras(linear.state_dict())
    assert all(torch.equal(weights.tensors[name], value) for name, value in linear.state_dict().items())
    assert weights.aside == (
        " (read from its 'state_dict', without the prefix 'module.' of all names, "
        "without what is no weight (n_averaged))"
    )


def test_counts_that_a_network_has_are_kept(tmp_path):
    norm = torch.nn.BatchNorm1d(2)
    path = saved(tmp_path, {**norm.state_dict(), "total_ops": torch.zeros(1)})
    weights = read_weights(path).without_extras(norm.state_dict())
    assert list(weights.tensors) == list(norm.state_dict())


@pytest.mark.parametrize("name", ["weights.pth", "weights.pkl", "weights.safetensors", "weights"])
def test_a_file_is_what_it_holds_and_not_what_it_is_called(tmp_path, name):
    save_file({key: value.contiguous().clone() for key, value in prefixed("model.").items()}, tmp_path / name)
    weights = read_weights(tmp_path / name)
    assert weights.remarks == ("without the prefix 'model.' of all names",)
    assert weights.tensors.keys() == state().keys()
    assert all(torch.equal(weights.tensors[key], value) for key, value in state().items())
    torch.save(state(), tmp_path / name)
    assert_read(tmp_path / name)


GIT_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 123\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (GIT_LFS, "is a Git LFS pointer, not the weights themselves: fetch them with 'git lfs pull'"),
        (b"<!doctype html><html><body>Quota exceeded</body></html>", "is a web page, as servers send in place of"),
        (b"\xef\xbb\xbf\n <!-- a --><!-- b -->\n<HTML lang='en'>", "is a web page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is an XML document, as servers send"),
        (b'{"metadata": {}, "weight_map": {}}', "is a JSON document: name the file of weights itself"),
        (b"\x1f\x8b\x08\x00", "is packed with gzip: unpack it"),
        (b"a.pth".ljust(257, b"\0") + b"ustar", "is a tar archive: unpack it"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file, as Keras writes weights"),
    ],
)
def test_a_file_that_is_something_else_is_called_that(tmp_path, content, told):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    assert told in refusal(path)


def test_a_folder_is_called_that(tmp_path):
    assert "is a folder: name the file of weights in it" in refusal(tmp_path)


def test_other_zip_files_are_called_what_they_are(tmp_path):
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("weights.pth", b"weights")
    assert "is a zip archive, but none of torch.save: unpack it" in refusal(tmp_path / "packed.zip")
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "script.pt")
    assert "is a TorchScript program: load it with torch.jit.load" in refusal(tmp_path / "script.pt")


@FORMS
@pytest.mark.parametrize("content", [torch.nn.Linear(2, 2), {"model": torch.nn.Linear(2, 2), "epoch": 3}])
def test_a_whole_module_is_not_made_but_named(tmp_path, form, content):
    said = refusal(saved(tmp_path, content, form))
    assert "of torch.nn.modules.linear.Linear, which is never made: save its state_dict() instead" in said


class Forged:
    """Pickles as a tensor with a shape, strides and an offset of its own over two numbers."""

    def __init__(self, shape, stride, offset=0):
        self.view = (offset, shape, stride)

    def __reduce_ex__(self, protocol):
        function, (storage, _offset, _shape, _stride, *rest) = torch.ones(2).__reduce_ex__(protocol)
        return function, (storage, *self.view, *rest)


@FORMS
@pytest.mark.parametrize(
    "forged",
    [
        Forged((10**12,), (1,)),
        Forged((3,), (1,)),
        Forged((2,), (2,)),
        Forged((2,), (1,), 1),
        Forged((1,), (1,), -1),
        Forged((2,), (-1,), 1),
        Forged((-1,), (1,)),
        Forged((2, 2), (1,)),
        Forged((2**40, 2**40), (0, 0)),
    ],
    ids=lambda forged: str(forged.view),
)
def test_a_tensor_that_is_more_than_its_bytes_is_refused_before_it_takes_memory(tmp_path, form, forged):
    path = saved(tmp_path, {"weight": forged}, form)
    tracemalloc.start()
    said = refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "is damaged, or no file of weights (weight: a tensor " in said
    assert peak < 5e6


def test_a_storage_that_is_smaller_than_it_should_be_is_refused(tmp_path):
    path = saved(tmp_path, {"weight": torch.ones(300)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content[:40] if name.endswith("data/0") else content)
    assert "weight: 300 numbers of type torch.float32 should lie in the 40 bytes of storage '0'" in refusal(path)


def test_an_old_file_that_declares_more_than_it_holds_is_refused(tmp_path):
    path = saved(tmp_path, {"weight": torch.ones(3)}, "old")
    content = path.read_bytes()
    for count, told in ((10**15, "should have 4000000000000000 bytes"), (-1, "should have -4 bytes")):
        path.write_bytes(content[:-20] + struct.pack("<q", count) + content[-12:])
        assert told in refusal(path)


def test_a_packed_or_foreign_zip_of_torch_is_told(tmp_path):
    path = saved(tmp_path, {"weight": torch.ones(300)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert "is a compressed zip archive, as torch.save writes none" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, b"big" if name.endswith("byteorder") else content)
    assert "holds numbers of a big-endian machine" in refusal(path)


@pytest.mark.parametrize("form", ["new", "old", "pickle"])
def test_a_cut_file_is_damaged_wherever_it_is_cut(tmp_path, form):
    path = saved(tmp_path, {"model": state()}, form)
    content = path.read_bytes()
    for length in range(1, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:length])
        assert "is damaged, or no file of weights" in refusal(path)


def test_flipped_bytes_of_a_pickle_never_run_anything(tmp_path):
    buffer = io.BytesIO()
    torch.save({"model": state(), "args": argparse.Namespace(a=1)}, buffer, _use_new_zipfile_serialization=False)
    content, flips = buffer.getvalue(), random.Random(0)
    path = tmp_path / "flipped.pth"
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[flips.randrange(len(content))] ^= 1 << flips.randrange(8)
        path.write_bytes(damaged)
        with suppress(CheckpointError):  # and nothing else
            refused += 1
            read_weights(path)
            refused -= 1
    assert 0 < refused < 300


def test_reading_leaves_the_file_as_it_is(tmp_path):
    path = saved(tmp_path, {"model": state()})
    before = copy.copy(path.read_bytes())
    read_tensors(path)["head.weight"].zero_()
    assert path.read_bytes() == before
