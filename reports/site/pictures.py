"""Qualitative results of a table's trials, to be shown beside it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import Problem
from experiments.records import PICTURES_DIR, TRIALS
from model.config import Task
from model.regular_files import read_regular
from reports.render.wording import row_label
from reports.tables.cells import Table

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EXTREME = re.compile(r"(highest|lowest)-m_j-(.+)")


@dataclass(frozen=True)
class Picture:
    """A picture of a trial and its place in the report."""

    key: str
    """Key of the trial."""
    label: str
    """Label of the variant, with what its second column says."""
    task: Task
    seed: int
    title: str
    """Name of the file in the trial directory, without its ending."""
    file: str
    """Name of the copy: trial key and number, because the original name may hold anything."""
    content: bytes


def collect_pictures(table: Table) -> tuple[list[Picture], list[Problem]]:
    """Pictures in the order of the rows; a file that is no PNG becomes a problem."""
    pictures: list[Picture] = []
    problems: list[Problem] = []
    for row in table.rows:
        for (task, _), runs in row.runs.items():
            for run in runs:
                paths = sorted((run.stored.path / PICTURES_DIR).glob("*.png"))
                for number, path in enumerate(paths, start=1):
                    content = _read_png(path)
                    if content is None:
                        where = f"{TRIALS}/{run.key}/{PICTURES_DIR}/{path.name}"
                        problems.append(Problem(where, "is no PNG file"))
                        continue
                    file = f"{run.key}-{number:02d}.png"
                    pictures.append(Picture(run.key, row_label(row), task, run.seed, path.stem, file, content))
    return pictures, problems


def caption(picture: Picture) -> str:
    """What a picture shows, such as `highest $M_J$: dog_3`; may hold LaTeX math between dollar signs."""
    extreme = _EXTREME.fullmatch(picture.title)
    return picture.title if extreme is None else f"{extreme[1]} $M_J$: {extreme[2]}"


def _read_png(path: Path) -> bytes | None:
    with suppress(OSError):
        content = read_regular(path)
        return content if content.startswith(_PNG_SIGNATURE) else None
    return None
