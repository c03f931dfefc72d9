"""What a bundle was asked for, `bundle.json`: enough to build its tables again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from experiments.errors import InputError, Problem
from experiments.papers import is_paper
from experiments.records import ProtocolRecord, Record
from model.config import Task
from reports.stored.documents import read_document

REQUEST_FILE = "bundle.json"
STORAGE, REPORT, EXPERIMENTS = "storage", "report", "experiments"
"""Folders of a bundle: trials and evaluations as in a storage; a report as `combo report build` writes it; YAML files
that do not ship with the package."""
OWN_FILE = "file:"
"""Begins a word that names a YAML file of the bundle."""


class BundleRequest(Record):
    """What a bundle was asked for."""

    schema_version: Literal[1] = 1
    words: tuple[str, ...]
    """Words of the command line; a user's own YAML file, or the folder of a paper, as `file:` and its name below
    `experiments/`."""
    scale: str
    code_version: str
    """Version of the package that wrote the bundle."""
    commit: str | None
    protocols: dict[Task, ProtocolRecord]
    """How scores counted when it was written."""
    licence: str
    """How it may be used: an address, an SPDX identifier or a sentence."""
    has_weights: bool
    """Whether it holds the tested weights, or only their checksums."""

    def words_at(self, folder: Path) -> list[str]:
        """The words with the files where the bundle lies unpacked.

        Args:
            folder: the bundle.

        Raises:
            InputError: one of them names a file outside of the bundle.
        """
        own = (folder / EXPERIMENTS).resolve()
        words = []
        for word in self.words:
            path = (own / word.removeprefix(OWN_FILE)).resolve()
            is_own = word.startswith(OWN_FILE)
            if (is_own and not path.is_relative_to(own)) or (not is_own and _is_elsewhere(word)):
                what = f"names a file outside of the bundle, {word!r}"
                raise InputError(Problem(REQUEST_FILE, what, "do not use it"))
            words.append(str(path) if is_own else word)
        return words


def _is_elsewhere(word: str) -> bool:
    """Whether a word of a bundle names a file or a folder of whoever reads it."""
    return word.endswith((".yaml", ".yml")) or is_paper(Path(word))


def read_request(folder: Path) -> BundleRequest:
    """What an unpacked bundle was asked for.

    Raises:
        InputError: it is no bundle, or of another version.
    """
    if not (folder / REQUEST_FILE).is_file():
        remedy = "write one with combo report bundle"
        raise InputError(Problem(REQUEST_FILE, "is missing, so this is no bundle", remedy))
    return read_document(BundleRequest, folder / REQUEST_FILE)
