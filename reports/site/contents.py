"""What a site shows, gathered before any page is written."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.errors import Problem
from reports.cells import Table
from reports.effort import Effort
from reports.figures.plot import Plot
from reports.pictures import Picture
from reports.search_outcomes import SearchOutcome


@dataclass(frozen=True)
class TablePage:
    """A table with all that is shown beside it."""

    slug: str
    """Of its page and its files, such as `combo-table7`."""
    table: Table
    plots: tuple[Plot, ...]
    pictures: tuple[Picture, ...]
    effort: tuple[Effort, ...]
    """Of the trials behind the table, by device."""


@dataclass(frozen=True)
class SearchPage:
    """A search with its plots."""

    slug: str
    outcome: SearchOutcome
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class PaperFigure:
    """A figure of a paper, rebuilt or not."""

    slug: str
    paper: str
    number: str
    title: str
    caption: str
    plot: Plot | None
    missing: str = ""
    """Why there is no plot, and what would give it."""


@dataclass(frozen=True)
class Contents:
    """Everything on a site."""

    storage: str
    """Address, without credentials."""
    tables: tuple[TablePage, ...]
    searches: tuple[SearchPage, ...]
    figures: tuple[PaperFigure, ...]
    effort: tuple[Effort, ...]
    """Of all trials of the storage, by device; those behind no table included."""
    problems: tuple[Problem, ...]
    """Stored files that could not be used."""
