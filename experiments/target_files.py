"""Files of targets, which are experiments and searches: found by name, such as `combo/table7`, or by path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem, did_you_mean
from experiments.papers import (
    NO_TARGETS,
    PRESETS,
    ROOT,
    SCALES,
    SEARCHES,
    Paper,
    is_paper,
    paper_around,
    paper_of,
    papers_here,
    shipped_papers,
    shown,
)
from experiments.yaml_files import read_yaml

OWN_KEY = "space"
"""What every search has and no experiment."""
PAPER_KEY = "paper"
"""Under which both may name their paper."""


@dataclass(frozen=True)
class TargetFile:
    """An experiment or a search as it was read, before it is validated."""

    name: str
    """Such as `combo/table7`: the folder of its paper and its path in it, without ending; of other files the stem."""
    path: Path
    """Absolute."""
    file: str
    """The file as messages call it."""
    word: str
    """What a command line calls it: the name, or the path where the file does not ship with the package."""
    content: Any

    @property
    def is_search(self) -> bool:
        """Whether it suggests its trials one by one."""
        return isinstance(self.content, dict) and OWN_KEY in self.content


def experiment_names(papers: Sequence[Paper] | None = None) -> list[str]:
    """What a command line calls the experiments of some papers; by default of all that are known here."""
    return sorted(word_of(path) for paper in _known(papers) for path in paper.experiments())


def search_names(papers: Sequence[Paper] | None = None) -> list[str]:
    """What a command line calls the searches of some papers, as `experiment_names`."""
    known = _known(papers)
    beside = (ROOT / SEARCHES).glob("*.yaml") if set(shipped_papers()) <= set(known) else ()
    return sorted(map(word_of, (*beside, *(path for paper in known for path in paper.searches()))))


def read_target_file(name: str) -> TargetFile:
    """Reads an experiment or a search by name (`combo/table7`, `search/lambda_ada`) or by the path of a YAML file.

    Raises:
        InputError: no such file, it breaks the rules of YAML here, or its name can name no folder; mistakes in the
            `paper.yaml` of its paper.
    """
    path = (Path(name) if name.endswith((".yaml", ".yml")) else ROOT / f"{name}.yaml").resolve()
    if not path.is_file() or _is_part_of_a_paper(path):
        remedy = did_you_mean(name, [*experiment_names(), *search_names()])
        raise InputError(Problem(name, "no such experiment", remedy))
    ships = path.is_relative_to(ROOT)
    file = shown(path) if ships else name
    content = read_yaml(path, file)
    own_name = _name(path)
    if not re.fullmatch(r"[A-Za-z0-9_/-]+", own_name):
        what = "names folders and runs, so it may hold letters, digits, - and _ only"
        raise InputError(Problem(file, f"the file's name {what}", "rename it"))
    return TargetFile(own_name, path, file, own_name if ships else name, content)


def find_paper(target: TargetFile) -> tuple[Paper | None, list[Problem]]:
    """The paper of an experiment or a search; None with the problems where there is none."""
    said = target.content.get(PAPER_KEY) if isinstance(target.content, dict) else None
    try:
        return paper_of(target.path, target.file, None if said is None else str(said)), []
    except InputError as error:
        return None, list(error.problems)


def word_of(path: Path) -> str:
    """What a command line calls the file of an experiment or a search."""
    return str(path.relative_to(ROOT).with_suffix("")) if path.is_relative_to(ROOT) else shown(path)


def _known(papers: Sequence[Paper] | None) -> Sequence[Paper]:
    return papers_here() if papers is None else papers


def _is_part_of_a_paper(path: Path) -> bool:
    """Whether a file is one of those of a paper, or of all papers, that ask for no trials."""
    if path.parent.name in (PRESETS, SCALES):
        return path.parent.parent == ROOT or is_paper(path.parent.parent)
    return path.name in NO_TARGETS and is_paper(path.parent)


def _name(path: Path) -> str:
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT).with_suffix(""))
    paper = paper_around(path.parent)
    return path.stem if paper is None else str(path.relative_to(paper.folder.parent).with_suffix(""))
