"""Finding a subset below a data root and reading its index file."""

from __future__ import annotations

import csv
from pathlib import Path

from model.config import Task
from model.data.errors import DataError
from model.data.layout import AVSS_SECONDS, INDEX_FILES, SPLITS, SUBSET_FOLDERS, IndexEntry


def subset_root(root: Path, task: Task) -> Path:
    """The folder with the subset's index file.

    Args:
        root: the folder that holds `AVSBench_object` and `AVSBench_semantic`, the one inside it, or the subset itself.
        task: which subset.

    Raises:
        DataError: if none of the three has the index file.
    """
    folder = SUBSET_FOLDERS[task]
    candidates = dict.fromkeys((root / folder, root / folder.name, root))
    for candidate in candidates:
        if (candidate / INDEX_FILES[task]).is_file():
            return candidate
    raise DataError(
        f"no {task.upper()} data in {root}: {INDEX_FILES[task]} is neither there nor in {folder}; "
        f"give the folder that holds {folder.parts[0]}, or write synthetic data with 'combo data synth'"
    )


def read_index(root: Path, task: Task) -> list[IndexEntry]:
    """All clips of a subset in lexicographic order, as the authors list them.

    The index file decides, not the folders (which is where COMBO looks): both agree in the released data, and a
    half-copied folder is then an error instead of a smaller data set.

    Args:
        root: the subset root, see `subset_root`.
        task: which subset.

    Raises:
        DataError: if the file is no UTF-8 csv, a column is missing, or a row is cut short, has an unknown split or
            subset, or a name that is empty, a path, or not printable.
    """
    path = root / INDEX_FILES[task]
    header, *rows = _rows(path) or [[]]
    name, category, split = _columns(path, header, task)
    entries = []
    for row in filter(None, rows):
        if len(row) < len(header):
            raise DataError(f"{path}: row {row} is shorter than the header: restore the file")
        entries.append(IndexEntry(row[name], "" if category is None else row[category], row[split]))
    for entry in entries:
        _check(path, entry, task)
    return sorted(entries, key=lambda entry: (entry.split, entry.category, entry.name))


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.reader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a csv file in UTF-8 ({error}): restore the file") from None


def _columns(path: Path, header: list[str], task: Task) -> tuple[int, int | None, int]:
    """Column numbers of name, category and split; S4 and MS3 name theirs by position."""
    required = {"s4": ["split"], "ms3": ["split"], "avss": ["uid", "label", "split"]}[task]
    missing = [column for column in required if column not in header]
    if missing or (task == "s4" and len(header) < 4):
        raise DataError(
            f"{path} has columns {header}, not {missing or 'name, start, category, split'}: restore the file"
        )
    if task == "avss":
        return header.index("uid"), header.index("label"), header.index("split")
    return 0, 2 if task == "s4" else None, header.index("split")


def _check(path: Path, entry: IndexEntry, task: Task) -> None:
    if entry.split not in SPLITS:
        raise DataError(f"{path}: clip {entry.name} has split '{entry.split}', not one of {', '.join(SPLITS)}: fix it")
    if task == "avss" and entry.category not in AVSS_SECONDS:
        known = ", ".join(AVSS_SECONDS)
        raise DataError(f"{path}: clip {entry.name} has label '{entry.category}', not one of {known}: fix it")
    for part in (entry.name,) if task == "ms3" else (entry.name, entry.category):
        if not part or not part.isprintable():
            raise DataError(f"{path}: {part!r} is no name of a clip or category: restore the file")
        if part in (".", "..") or "/" in part or "\\" in part:
            raise DataError(f"{path}: '{part}' is a path, not a name: fix the file")
