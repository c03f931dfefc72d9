"""The working directory of a job: the packages as they are here, and the named experiment files with their papers."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from experiments.papers import PAPER, Paper, is_paper, paper_around
from experiments.papers import ROOT as EXPERIMENTS
from orchestrator.commit import COMMIT_FILE, current_commit, uncommitted

SOURCES = (
    *("orchestrator/**/*.py", "model/**/*.py", "experiments/**/*.py", "reports/**/*.py"),
    *("experiments/*/*.yaml", "experiments/*/reported.json"),
    *("model/data/ade20k_palette.json", "model/data/avss_classes.json"),
    *("experiments/**/*.bib", "experiments/new_paper/**/*.template"),
    *("reports/**/*.j2", "reports/**/*.css", "reports/**/*.js"),
)
"""What the packages consist of; whatever else lies among them stays here, for it may be secret."""
DISTRIBUTION = "combo-lab"
NAMED_FOLDER = "named-experiments"


@dataclass(frozen=True)
class JobFiles:
    """The files that a job needs.

    Args:
        words: experiments and settings as the user named them.
    """

    words: Sequence[str]

    @property
    def words_there(self) -> list[str]:
        """The same words for a command that runs in the folder."""
        return [self._named_there(word) for word in self.words]

    def names(self) -> list[str]:
        """Paths of the files, relative to the job's working directory."""
        with tempfile.TemporaryDirectory(prefix="combo-submit-") as folder:
            self.pack(Path(folder))
            return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())

    def pack(self, folder: Path) -> None:
        """Fills an empty folder. Equal code and experiments give equal files, so that Ray uploads them once.

        Args:
            folder: that the job will start in.
        """
        for path in package_files():
            _copy(path, folder / path.relative_to(EXPERIMENTS.parent))
        for word in self.words:
            for path, name in _own_files(word).items():
                _copy(path, folder / name)
        (folder / COMMIT_FILE).write_text(f"{current_commit() or ''}\n{uncommitted()}")
        # The version is read from the metadata of the installed package, and the nodes may have another one.
        number = version(DISTRIBUTION)
        about = folder / f"{DISTRIBUTION.replace('-', '_')}-{number}.dist-info" / "METADATA"
        about.parent.mkdir()
        about.write_text(f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: {number}\n")

    def _named_there(self, word: str) -> str:
        path, own = Path(word).resolve(), _own_files(word)
        if path in own:
            return own[path]
        if path / PAPER in own:
            return str(Path(own[path / PAPER]).parent)
        if _is_experiment_file(word) and path in package_files():
            return str(path.relative_to(EXPERIMENTS).with_suffix(""))
        return word


def package_files() -> list[Path]:
    """The files of the packages, in a checkout as in an installed wheel: nothing hidden, and no link to elsewhere."""
    root = EXPERIMENTS.parent
    found = sorted(path for pattern in SOURCES for path in root.glob(pattern))
    return [path for path in found if path.is_file() and _lies_openly(path, root)]


def _lies_openly(path: Path, root: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not is_hidden and path.resolve().is_relative_to(root)


def _is_experiment_file(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) and "=" not in word


def _own_files(word: str) -> dict[Path, str]:
    """The files behind a word that the packages do not hold, and where they go; none of other words.

    Files keep their names, which name experiments, and those of a paper their places in its folder. The folder above
    tells equal names, and changes, apart.
    """
    path, paper = Path(word).resolve(), _paper_of(word)
    if paper is not None:
        files, root = ([] if paper.ships else paper.files()), paper.folder.parent
    else:
        files, root = ([path] if _is_experiment_file(word) and path not in package_files() else []), path.parent
    names = {path: path.relative_to(root) for path in files}
    content = "".join(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path, name in names.items())
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    return {path: f"{NAMED_FOLDER}/{digest}/{name}" for path, name in names.items()}


def _paper_of(word: str) -> Paper | None:
    """The paper of a word that names its folder, or an experiment in it."""
    path = Path(word).resolve()
    if is_paper(path):
        return paper_around(path)
    return paper_around(path.parent) if _is_experiment_file(word) else None


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
