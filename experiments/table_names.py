"""Experiments by the table of the paper that they fill, such as `combo/3`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from experiments.errors import InputError, Problem, did_you_mean
from experiments.load_experiment import load_experiment
from experiments.target_files import experiment_names

TABLE_NAME = re.compile(r"[a-z-]+/(?:[0-9]+|[IVX]+)")


def experiment_of_table(table: str) -> str:
    """Name of the experiment behind a table such as `combo/3`.

    Raises:
        InputError: no experiment that ships with the package fills this table.
    """
    tables = {}
    for name in experiment_names():
        experiment = load_experiment(name).experiment
        tables[f"{experiment.paper}/{experiment.table.number}"] = name
    if table not in tables:
        raise InputError(Problem(f"table {table}", "is filled by no experiment", did_you_mean(table, list(tables))))
    return tables[table]


def without_table_names(names: Iterable[str]) -> list[str]:
    """Names of experiments, with those of tables, such as `combo/3`, replaced by the experiments that fill them.

    Raises:
        InputError: no experiment fills such a table.
    """
    return [experiment_of_table(name) if TABLE_NAME.fullmatch(name) else name for name in names]
