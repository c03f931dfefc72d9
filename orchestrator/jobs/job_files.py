"""The working directory of a job: the packages as they are here, and the named experiment files."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from experiments.schema import Paper
from experiments.target_files import ROOT as EXPERIMENTS
from orchestrator.commit import COMMIT_FILE, current_commit, uncommitted

SOURCES = (
    *("orchestrator/**/*.py", "model/**/*.py", "experiments/**/*.py", "reports/**/*.py"),
    *("experiments/*/*.yaml", *(f"experiments/reported/{paper}.json" for paper in get_args(Paper))),
    *("model/data/ade20k_palette.json", "model/data/avss_classes.json"),
    *("reports/**/*.j2", "reports/**/*.css"),
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
            if _is_own_file(word):
                _copy(Path(word), folder / self._named_there(word))
        (folder / COMMIT_FILE).write_text(f"{current_commit() or ''}\n{uncommitted()}")
        # The version is read from the metadata of the installed package, and the nodes may have another one.
        number = version(DISTRIBUTION)
        about = folder / f"{DISTRIBUTION.replace('-', '_')}-{number}.dist-info" / "METADATA"
        about.parent.mkdir()
        about.write_text(f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: {number}\n")

    def _named_there(self, word: str) -> str:
        """Keeps the file's name, which names the experiment; its folder tells files of one name, and changes, apart."""
        if not _is_experiment_file(word):
            return word
        path = Path(word).resolve()
        if path in package_files():
            return str(path.relative_to(EXPERIMENTS).with_suffix(""))
        return f"{NAMED_FOLDER}/{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}/{path.name}"


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


def _is_own_file(word: str) -> bool:
    """Whether it is an experiment file that the packages do not hold."""
    return _is_experiment_file(word) and Path(word).resolve() not in package_files()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
