"""Finding a subset below a data root and reading its index file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from model.config import Task
from model.data.errors import DataError
from model.data.layout import AVSS_SECONDS, INDEX_FILES, SPLITS, SUBSET_FOLDERS, IndexEntry

NAMES = ("name", "video_id", "video_name", "vid", "uid")
"""What the column of names is called, best first; S4 has the first in its release, MS3 the second."""
COLUMNS: dict[Task, dict[str, tuple[str, ...]]] = {
    "s4": {"name": NAMES, "category": ("category",), "split": ("split",)},
    "ms3": {"name": ("video_id", *NAMES), "split": ("split",)},
    "avss": {"name": ("uid",), "category": ("label",), "split": ("split",)},
}
"""By what an index entry is made of: how the columns may be called, best first."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


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
        DataError: if the file is no UTF-8 csv, a column is missing or there twice, or a row is cut short, has an
            unknown split or subset, or a name that is empty, a path, or not printable.
    """
    path = root / INDEX_FILES[task]
    header, *rows = _rows(path, task) or [[]]
    places = _places(path, header, task)
    entries = []
    for number, row in enumerate(rows):
        if len(row) < len(header):
            raise DataError(f"{path}: row {row} is shorter than the header: restore the file")
        parts = {"category": ""} | {part: row[place] for part, place in places.items()}
        entries.append(IndexEntry(**parts, row=number))
    for entry in entries:
        _check(path, entry, task)
    return sorted(entries, key=lambda entry: (entry.split, entry.category, entry.name))


def _rows(path: Path, task: Task) -> list[list[str]]:
    """Header and rows, without empty ones and without spaces around a cell."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = text.splitlines(keepends=True)
        separator = _separator(lines[0], task) if lines else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a csv file in UTF-8 ({error}): restore the file") from None
    return [[cell.strip() for cell in row] for row in rows if any(row)]


def _separator(header: str, task: Task) -> str:
    """The separator with which the header names all columns; the comma, if none does."""
    for separator in SEPARATORS:
        cells = {_plain(cell.strip().strip('"')) for cell in header.split(separator)}
        if all(cells & set(names) for names in COLUMNS[task].values()):
            return separator
    return ","


def _places(path: Path, header: list[str], task: Task) -> dict[str, int]:
    """Column numbers by what an index entry is made of; columns are found by their names, wherever they stand."""
    titles = [_plain(title) for title in header]
    places = {}
    for part, names in COLUMNS[task].items():
        found = [name for name in names if name in titles]
        if not found:
            wanted = " or ".join(f"'{name}'" for name in names)
            separators = ", ".join(SEPARATORS.values())
            raise DataError(
                f"{path} has columns {header}, none of them {wanted}: name the column so in the first line "
                f"(columns are separated by {separators})"
            )
        if titles.count(found[0]) > 1:
            raise DataError(f"{path} has {titles.count(found[0])} columns '{found[0]}': keep one")
        places[part] = titles.index(found[0])
    return places


def _plain(title: str) -> str:
    return title.strip().lower()


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
