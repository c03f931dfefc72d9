"""Papers: folders that hold a `paper.yaml`. Those that ship lie beside this file; a user's own lie anywhere.

A file belongs to the paper in whose folder it lies, or in a folder of which it lies:

    mypaper/paper.yaml       name, title, citation, metrics
    mypaper/*.yaml           experiments
    mypaper/search/*.yaml    searches
    mypaper/presets/, scales/   beside those that ship
    mypaper/reported.yaml    numbers that it prints or compares with (`reported.json` where they are many)
    mypaper/references.bib   what it cites
    mypaper/figures.yaml, settings.yaml   its figures that show data, its table of settings
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from experiments.errors import InputError, Problem, did_you_mean
from experiments.paper_schema import PaperFile
from experiments.validate import validate
from experiments.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parent
"""Folder of all that ships."""
PAPER, FIGURES, SETTINGS = "paper.yaml", "figures.yaml", "settings.yaml"
REPORTED = ("reported.yaml", "reported.json")
REFERENCES = "references.bib"
PRESETS, SCALES, SEARCHES = "presets", "scales", "search"
"""Folders of a paper; of those that ship, beside the papers, every paper may use what is in them."""
NO_TARGETS = (PAPER, FIGURES, SETTINGS, *REPORTED)
"""Files of a paper that are neither experiments nor searches."""


@dataclass(frozen=True)
class Paper:
    """A paper by its folder."""

    folder: Path
    """Absolute."""
    said: PaperFile = field(compare=False)

    @property
    def name(self) -> str:
        """What commands and MLflow call it."""
        return self.said.name

    @property
    def label(self) -> str:
        """What tables call it."""
        return self.said.label

    @property
    def ships(self) -> bool:
        """Whether it ships with the package."""
        return self.folder.parent == ROOT

    @property
    def file(self) -> str:
        """Its `paper.yaml` as messages call it."""
        return shown(self.folder / PAPER)

    def path(self, experiment: str) -> Path:
        """The file of one of its experiments, by its name without ending."""
        return self.folder / f"{experiment}.yaml"

    def experiments(self) -> list[Path]:
        """The files of its experiments."""
        return sorted(path for path in self.folder.glob("*.yaml") if path.name not in NO_TARGETS)

    def searches(self) -> list[Path]:
        """The files of its searches."""
        return sorted((self.folder / SEARCHES).glob("*.yaml"))

    def files(self) -> list[Path]:
        """All that it consists of; whatever else lies in its folder is no part of it."""
        patterns = ("*.yaml", *(f"{folder}/*.yaml" for folder in (PRESETS, SCALES, SEARCHES)), *REPORTED, REFERENCES)
        found = {path for pattern in patterns for path in self.folder.glob(pattern) if path.is_file()}
        return sorted(path for path in found if not path.name.startswith("."))


def read_paper(folder: Path) -> Paper:
    """The paper of a folder that holds a `paper.yaml`.

    Raises:
        InputError: mistakes in the file, or its name is that of a paper that ships.
    """
    path = folder.resolve() / PAPER
    paper = Paper(path.parent, _said(path, path.stat().st_mtime_ns))
    if not paper.ships:
        refuse_equal_names([*shipped_papers(), paper])
    return paper


def refuse_equal_names(papers: Sequence[Paper]) -> None:
    """Refuses papers of one name, which nothing could tell apart.

    Raises:
        InputError: two folders hold papers of the same name.
    """
    first: dict[str, Paper] = {}
    for paper in papers:
        earlier = first.setdefault(paper.name, paper)
        if earlier.folder != paper.folder:
            what = f"is '{paper.name}', which {earlier.file} is called already"
            raise InputError(Problem(f"{paper.file}: name", what, "choose another name"))


@cache
def shipped_papers() -> tuple[Paper, ...]:
    """The papers that ship, the newest first."""
    papers = [read_paper(path.parent) for path in sorted(ROOT.glob(f"*/{PAPER}"))]
    refuse_equal_names(papers)
    return tuple(sorted(papers, key=lambda paper: -(paper.said.cite.year or 0)))


def is_paper(folder: Path) -> bool:
    """Whether a folder is that of a paper."""
    return (folder / PAPER).is_file()


def paper_around(place: Path) -> Paper | None:
    """The paper that a folder belongs to: its own, or that of the folder around it; None if there is none.

    Raises:
        InputError: see `read_paper`.
    """
    place = place.resolve()
    return next((read_paper(folder) for folder in (place, place.parent) if is_paper(folder)), None)


def paper_here() -> Paper | None:
    """The user's own paper in whose folder the command was called; None elsewhere.

    Raises:
        InputError: see `read_paper`.
    """
    paper = paper_around(Path.cwd())
    return None if paper is None or paper.ships else paper


def papers_here() -> tuple[Paper, ...]:
    """The papers that are known without being named: the user's own, if the command was called in it, and what ships.

    Raises:
        InputError: see `read_paper`.
    """
    own = paper_here()
    return (*(() if own is None else (own,)), *shipped_papers())


def papers_asked() -> tuple[Paper, ...]:
    """The papers that a command is about that names none: the user's own where it was called, else all that ship.

    Raises:
        InputError: see `read_paper`.
    """
    own = paper_here()
    return shipped_papers() if own is None else (own,)


def paper_of(path: Path, file: str, said: str | None) -> Paper:
    """The paper of an experiment or a search.

    Args:
        path: of its file.
        file: as messages call it.
        said: the name under its key `paper`.

    Raises:
        InputError: it lies in no paper's folder and names none that ships, or it names another one than its folder; see
            `read_paper` too.
    """
    where = f"{file}: paper"
    around = paper_around(path.parent)
    if around is not None:
        if said not in (None, around.name):
            raise InputError(Problem(where, f"is '{said}', but {around.file} says '{around.name}'", "leave it out"))
        return around
    papers = {paper.name: paper for paper in shipped_papers()}
    if said is None:
        remedy = f"add it, as {' or '.join(papers)}; or make a paper of your own: combo new"
        raise InputError(Problem(where, "required key is missing", remedy))
    if said not in papers:
        raise InputError(Problem(where, f"names no paper: '{said}'", did_you_mean(said, list(papers))))
    return papers[said]


def folders(kind: str, paper: Paper | None) -> tuple[Path, ...]:
    """Where the presets or scales lie that a paper may use: those that ship, then its own.

    Args:
        kind: `PRESETS` or `SCALES`.
        paper: None for what ships.
    """
    return (ROOT / kind, *(() if paper is None or paper.ships else (paper.folder / kind,)))


def shown(path: Path) -> str:
    """A file as messages call it: what ships as `experiments/combo/table7.yaml`, others from the present folder."""
    if path.is_relative_to(ROOT.parent):
        return str(path.relative_to(ROOT.parent))
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("../../") else relative


@cache
def _said(path: Path, changed: int) -> PaperFile:  # noqa: ARG001
    """What a `paper.yaml` says; read again once it has changed."""
    file = shown(path)
    return validate(PaperFile, read_yaml(path, file), file)
