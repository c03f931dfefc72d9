"""The files of a new paper, `experiments/new_paper/`: a first experiment that runs, to be changed into one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from experiments.errors import InputError, Problem
from experiments.json_schemas import KINDS, json_text
from experiments.papers import ROOT, shipped_papers
from experiments.schema import Name

TEMPLATES = ROOT / "new_paper"
ENDING = ".template"
SCHEMAS = "schemas"
"""Folder of the JSON schemas that the first line of each file names."""


def paper_name(folder: Path) -> str:
    """The name of a paper in a new folder: the folder's.

    Raises:
        InputError: it can name no paper, or there is one of that name.
    """
    name = folder.absolute().name
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        what = "names a paper, so it holds small letters and digits, joined by - or _"
        raise InputError(Problem(str(folder), f"the folder {what}", "such as my-paper")) from None
    if name in (paper.name for paper in shipped_papers()):
        raise InputError(Problem(str(folder), f"'{name}' is the name of a paper that ships", "choose another name"))
    return name


def new_paper_files(name: str, folder: str) -> dict[str, str]:
    """The files of a new paper by their names in its folder.

    Args:
        name: of the paper.
        folder: as commands call it, for the comments of the files.
    """
    year = str(date.today().year)
    said = {"PAPER_NAME": name, "PAPER_FOLDER": folder, "PAPER_YEAR": year}
    said["PAPER_KEY"] = "".join(filter(str.isalnum, name)) + year
    files = {
        str(path.relative_to(TEMPLATES)).removesuffix(ENDING): _filled(path.read_text(encoding="utf-8"), said)
        for path in sorted(TEMPLATES.rglob(f"*{ENDING}"))
    }
    return files | {f"{SCHEMAS}/{kind}.json": json_text(model) for kind, model in KINDS.items()}


def _filled(text: str, said: Mapping[str, str]) -> str:
    for word, value in said.items():
        text = text.replace(word, value)
    return text
