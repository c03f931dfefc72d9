"""Every run behind the tables, once, with all places where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.site.contents import TablePage
from reports.site.runs import PlacedRun


@dataclass(frozen=True)
class Appearance:
    """A place of a run on the page of a table."""

    page: TablePage
    placed: PlacedRun


@dataclass(frozen=True)
class KnownRun:
    """A run and its places, at least one."""

    appearances: tuple[Appearance, ...]

    @property
    def first(self) -> Appearance:
        """The first of them, which names it."""
        return self.appearances[0]

    @property
    def settings(self) -> str:
        """What tells it apart from other runs of its tables, for the search: `loss.lambda_ada 5.0 training.batch 4`."""
        settings = {name: value for one in self.appearances for name, value in one.placed.settings.items()}
        return " ".join(f"{name} {value}" for name, value in settings.items())


def all_runs(pages: Iterable[tuple[TablePage, Sequence[PlacedRun]]]) -> tuple[KnownRun, ...]:
    """All runs in the order of the tables.

    Args:
        pages: with their runs, see `reports.site.runs.runs_of`.
    """
    found: dict[str, list[Appearance]] = {}
    for page, runs in pages:
        for placed in runs:
            found.setdefault(placed.run.key, []).append(Appearance(page, placed))
    return tuple(KnownRun(tuple(appearances)) for appearances in found.values())
