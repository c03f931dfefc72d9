"""What may be named instead of experiments: the table that one fills, such as `combo/3`, or the folder of a paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from experiments.errors import InputError, Problem, did_you_mean
from experiments.load_experiment import load_experiment
from experiments.papers import is_paper, paper_here, read_paper, shown
from experiments.target_files import experiment_names, word_of

TABLE_NAME = re.compile(r"[a-z0-9_-]+/(?:[0-9]+|[IVX]+)")


def experiment_of_table(table: str) -> str:
    """What a command line calls the experiment behind a table such as `combo/3`.

    Raises:
        InputError: no experiment that is known here fills this table.
    """
    tables = {}
    for name in experiment_names():
        scaled = load_experiment(name)
        tables[f"{scaled.paper.name}/{scaled.experiment.table.number}"] = name
    if table not in tables:
        raise InputError(Problem(f"table {table}", "is filled by no experiment", did_you_mean(table, list(tables))))
    return tables[table]


def is_paper_folder(name: str) -> bool:
    """Whether a word names the folder of a paper."""
    return is_paper(Path(name))


def asked_words(words: Sequence[str]) -> list[str]:
    """The words of a command; where they name nothing, with the paper in whose folder it was called, if there is one.

    Raises:
        InputError: mistakes in its `paper.yaml`.
    """
    own = None if any("=" not in word for word in words) else paper_here()
    return [*words, *([] if own is None else [shown(own.folder)])]


def named_targets(names: Iterable[str]) -> list[str]:
    """Names of experiments and searches; those of tables and of papers' folders are replaced by their experiments.

    Raises:
        InputError: no experiment fills such a table, or a paper has none; mistakes in its `paper.yaml`.
    """
    return [target for name in names for target in _targets(name)]


def _targets(name: str) -> Iterator[str]:
    if is_paper_folder(name):
        experiments = read_paper(Path(name)).experiments()
        if not experiments:
            raise InputError(Problem(name, "is a paper without experiments", "write one, as combo new does"))
        yield from map(word_of, experiments)
    else:
        yield experiment_of_table(name) if _names_table(name) else name


def _names_table(name: str) -> bool:
    """Whether a word names a table: by its number, or, of the own paper in whose folder we are, by whatever it says."""
    own = paper_here()
    is_own = own is not None and name.startswith(f"{own.name}/") and not name.endswith((".yaml", ".yml"))
    return is_own or TABLE_NAME.fullmatch(name) is not None
