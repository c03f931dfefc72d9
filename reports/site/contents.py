"""What a site shows, gathered before any page is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.errors import Problem
from reports.drawing.plot import PaperFigure, Plot
from reports.search_outcomes import SearchOutcome
from reports.site.compared_clips import ComparedClip
from reports.site.pictures import Picture
from reports.stored.effort import Effort
from reports.stored.evaluations import Curve
from reports.tables.cells import Table


@dataclass(frozen=True)
class TablePage:
    """A table with all that is shown beside it."""

    slug: str
    """Name of its page and its files, such as `combo-table7`."""
    table: Table
    plots: tuple[Plot, ...]
    pictures: tuple[Picture, ...]
    effort: tuple[Effort, ...]
    """Cost of the trials behind the table, by device."""
    clips: tuple[ComparedClip, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Validations of these trials, by trial key."""


@dataclass(frozen=True)
class SearchPage:
    """A search with its plots."""

    slug: str
    outcome: SearchOutcome
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class Contents:
    """Everything on a site."""

    storage: str
    """Address of the storage, without credentials."""
    tables: tuple[TablePage, ...]
    searches: tuple[SearchPage, ...]
    figures: tuple[PaperFigure, ...]
    effort: tuple[Effort, ...]
    """Cost of all trials of the storage, by device, including those behind no table."""
    problems: tuple[Problem, ...]
    """Stored files that could not be used."""
    is_served: bool = False
    """Whether a server shows the running sweep beside it."""
