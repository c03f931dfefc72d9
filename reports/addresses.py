"""Addresses of single cells and runs on a page: what stands behind the `#` of a link to them."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.reported import Column
from reports.slugs import slug


def cell_address(row: str, column: Column) -> str:
    """By the name of its row, such as `lambda-5/s4/m_j`, or `combo/ms3-from-s4/m_j`.

    It stays while rows and columns keep their names.
    """
    return "/".join((slug(row), column_address(column)))


def column_address(column: Column) -> str:
    """Such as `s4/m_j`, `ms3-from-s4/m_j`, or `parameters`."""
    task = column.task if column.start is None else f"{column.task}-from-{column.start}"
    return "/".join(filter(None, (task, column.metric)))


def run_address(key: str) -> str:
    """Address of a run, such as `run-5f2c1e0a`, by the key of its trial."""
    return f"run-{slug(key)}"


def once_each(wanted: Iterable[str]) -> list[str]:
    """Addresses that are unique on a page: where two would be the same, later ones get a number."""
    given: dict[str, int] = {}
    unique: list[str] = []
    for address in wanted:
        given[address] = given.get(address, 0) + 1
        unique.append(address if given[address] == 1 else f"{address}~{given[address]}")
    return unique
