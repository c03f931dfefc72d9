"""Columns of an index are found by their names, whatever wrote the file."""

import csv
import io

import pytest

from model.data.errors import DataError
from model.data.index import read_index
from model.data.layout import INDEX_FILES, IndexEntry

TABLES = {
    "s4": (
        [
            ["name", "start", "category", "split"],
            ["-a_b", "0", "dog_barking", "val"],
            ["c", "5", "lions_roaring", "train"],
        ],
        [IndexEntry("c", "lions_roaring", "train"), IndexEntry("-a_b", "dog_barking", "val")],
    ),
    "ms3": (
        [["video_id", "split"], ["x", "val"], ["y", "test"]],
        [IndexEntry("y", "", "test"), IndexEntry("x", "", "val")],
    ),
    "avss": (
        [["vid", "uid", "s_min", "split", "label"], ["v", "u_1", "0", "test", "v2"], ["v", "u_2", "0", "val", "v1s"]],
        [IndexEntry("u_1", "v2", "test"), IndexEntry("u_2", "v1s", "val")],
    ),
}


def _text(rows, separator=","):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerows(rows)
    return file.getvalue()


WRITINGS = {
    "as released": _text,
    "index column of pandas": lambda rows: _text([["", *rows[0]], *([str(n), *row] for n, row in enumerate(rows[1:]))]),
    "other order": lambda rows: _text([row[::-1] for row in rows]),
    "semicolons": lambda rows: _text(rows, ";"),
    "tabs": lambda rows: _text(rows, "\t"),
    "spaces": lambda rows: "\n".join(" , ".join(row) for row in rows),
    "capitals": lambda rows: _text([[title.title() for title in rows[0]], *rows[1:]]),
    "quoted, with empty lines": lambda rows: "\n\n".join(",".join(f'"{cell}"' for cell in row) for row in rows),
    "byte order mark": lambda rows: "\ufeff" + _text(rows, ";"),
}


@pytest.mark.parametrize("task", TABLES)
@pytest.mark.parametrize("writing", WRITINGS)
def test_columns_are_found_by_name(tmp_path, task, writing):
    rows, entries = TABLES[task]
    (tmp_path / INDEX_FILES[task]).write_text(WRITINGS[writing](rows), encoding="utf-8", newline="")

    found = read_index(tmp_path, task)
    assert found == entries
    assert [entry.row for entry in found] == [[entry.name in row for row in rows[1:]].index(True) for entry in entries]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("clip,start,category,split", "none of them 'name' or 'video_id'"),
        ("name,start,kind,split", "none of them 'category': name the column so in the first line"),
        ("name start category split", "columns are separated by commas, semicolons, tabs, bars"),
        ("name,category,split,split", "has 2 columns 'split': keep one"),
    ],
)
def test_a_header_that_names_too_little_is_told_in_one_sentence(tmp_path, header, problem):
    (tmp_path / "s4_meta_data.csv").write_text(f"{header}\na,0,dog_barking,train\n")

    with pytest.raises(DataError) as caught:
        read_index(tmp_path, "s4")
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
