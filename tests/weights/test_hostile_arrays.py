"""Pickles of arrays written by hand: they can neither make what is not in them, nor change what reads them."""

import tracemalloc

import numpy as np
import pytest

from model.weights.errors import CheckpointError
from model.weights.foreign_file import read_tensors

ARRAY = b"cnumpy\nndarray\n"
EMPTY = b"cnumpy.core.multiarray\n_reconstruct\n" + ARRAY + b"(K\x00tU\x01b\x87R"
"""An array that waits for its state."""


def text(content):
    return b"X" + len(content).to_bytes(4, "little") + content.encode()


def number(value):
    return b"J" + value.to_bytes(4, "little", signed=True)


def dtype(code="f4", order="<", subarray=b"N", names=b"N", fields=b"N", size=-1, alignment=-1, flags=0):
    state = b"(K\x03" + text(order) + subarray + names + fields + number(size) + number(alignment) + number(flags)
    return b"cnumpy\ndtype\n" + text(code) + b"K\x00K\x01\x87R" + state + b"tb"


def array(shape, number_type, content):
    sizes = b"(" + b"".join(number(size) for size in shape) + b"t"
    return EMPTY + b"(K\x01" + sizes + number_type + b"\x89U" + bytes([len(content)]) + content + b"tb"


def array_of_objects(number_type):
    return EMPTY + b"(K\x01(" + number(1) + b"t" + number_type + b"\x89](" + text("weight") + b"etb"


TWO = np.array([1, -2], "<f4").tobytes()
SUBARRAY = b"(" + dtype() + number(10_000_000) + b"t"
FIELDS = b"}" + text("a") + b"(" + dtype("f8") + number(1_000_000) + b"ts"


def refusal(folder, value):
    file = folder / "odd.pkl"
    file.write_bytes(b"\x80\x02}" + text("weight") + value + b"s.")
    tracemalloc.start()
    with pytest.raises(CheckpointError) as refused:
        read_tensors(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6
    assert len(str(refused.value).splitlines()) == 1
    return str(refused.value)


def test_an_honest_array_of_this_form_is_read(tmp_path):
    (tmp_path / "fine.pkl").write_bytes(b"\x80\x02}" + text("weight") + array([2], dtype(), TWO) + b"s.")
    assert read_tensors(tmp_path / "fine.pkl")["weight"].tolist() == [1.0, -2.0]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ARRAY + b"(" + number(3) + b"t\x85R", id="the class of arrays called"),
        pytest.param(ARRAY + b"(" + number(3) + b"t\x85\x81", id="the class of arrays made"),
        pytest.param(EMPTY, id="no values"),
        pytest.param(array([3], dtype(), TWO), id="fewer values than places"),
        pytest.param(array([1], dtype(), TWO), id="more values than places"),
        pytest.param(array([-1], dtype(), TWO), id="places of unknown number"),
        pytest.param(array([-2, -1], dtype(), TWO), id="negative places"),
        pytest.param(array([2], dtype(flags=63), TWO), id="flags"),
        pytest.param(array_of_objects(dtype("f8", flags=63)), id="flags that make numbers objects"),
        pytest.param(array([1], dtype(subarray=SUBARRAY), TWO[:4]), id="subarray"),
        pytest.param(array([1], dtype("f8", names=b"(" + text("a") + b"t", fields=FIELDS), TWO), id="fields"),
        pytest.param(array([1], dtype("f8", size=1_000_000_000), TWO), id="size"),
        pytest.param(array([1], dtype("(1000000000,)f4"), TWO), id="subarray in the name"),
        pytest.param(array([1], dtype("f4,f4"), TWO), id="fields in the name"),
        pytest.param(dtype(), id="a type alone"),
        pytest.param(array([2], b"N", TWO), id="no type"),
        pytest.param(b"r\xff\xff\xff\x7f", id="a memory of two thousand million objects"),
    ],
)
def test_an_array_that_is_more_or_less_than_its_bytes_is_refused(tmp_path, value):
    assert "odd.pkl" in refusal(tmp_path, value)


@pytest.mark.parametrize(
    "called",
    [ARRAY, b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n"],
)
@pytest.mark.parametrize("state", [b"}" + text("a") + b"K\x01s", b"N}" + text("__name__") + text("evil") + b"s\x86"])
def test_a2_a_pickle_cannot_change_what_reads_it(tmp_path, called, state):
    assert "is damaged" in refusal(tmp_path, called + state + b"b")
