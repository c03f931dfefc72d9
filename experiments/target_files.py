"""Files of targets, which are experiments and searches: found by name, such as `combo/table7`, or by path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem, did_you_mean
from experiments.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parent
SEARCHES = "search"
"""Folder of the searches that ship with the package."""
NO_TARGETS = ("figures", "presets", "reported", "scales", "settings")
"""Folders of other files than experiments and searches."""
OWN_KEY = "space"
"""What every search has and no experiment."""


@dataclass(frozen=True)
class TargetFile:
    """An experiment or a search as it was read, before it is validated."""

    name: str
    """Path of the file below `experiments/`, without its ending, such as `combo/table7`; of other files the stem."""
    file: str
    """The file as messages call it."""
    content: Any

    @property
    def is_search(self) -> bool:
        """Whether it suggests its trials one by one."""
        return isinstance(self.content, dict) and OWN_KEY in self.content


def experiment_names() -> list[str]:
    """Names of all experiments that ship with the package."""
    folders = [folder for folder in ROOT.iterdir() if folder.is_dir() and folder.name not in (*NO_TARGETS, SEARCHES)]
    return sorted(name for folder in folders for name in _names_in(folder))


def search_names() -> list[str]:
    """Names of all searches that ship with the package."""
    return _names_in(ROOT / SEARCHES)


def read_target_file(name: str) -> TargetFile:
    """Reads an experiment or a search by name (`combo/table7`, `search/lambda_ada`) or by the path of a YAML file.

    Raises:
        InputError: no such file, it breaks the rules of YAML here, or its name can name no folder.
    """
    path = (Path(name) if name.endswith((".yaml", ".yml")) else ROOT / f"{name}.yaml").resolve()
    if not path.is_file() or path.parent in (ROOT / "presets", ROOT / "scales"):
        remedy = did_you_mean(name, [*experiment_names(), *search_names()])
        raise InputError(Problem(name, "no such experiment", remedy))
    inside = path.is_relative_to(ROOT)
    file = shown(path) if inside else name
    content = read_yaml(path, file)
    own_name = str(path.relative_to(ROOT).with_suffix("")) if inside else path.stem
    if not re.fullmatch(r"[A-Za-z0-9_/-]+", own_name):
        what = "names folders and runs, so it may hold letters, digits, - and _ only"
        raise InputError(Problem(file, f"the file's name {what}", "rename it"))
    return TargetFile(own_name, file, content)


def shown(path: Path) -> str:
    """A file of the package as messages call it, such as `experiments/combo/table7.yaml`."""
    return str(path.relative_to(ROOT.parent)) if path.is_relative_to(ROOT.parent) else str(path)


def _names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(ROOT).with_suffix("")) for path in folder.glob("*.yaml"))
