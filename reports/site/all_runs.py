"""Every run behind the tables, once, with all places where it stands and what it is compared by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.addresses import run_address
from reports.plots.seed_bands import Points, thinned
from reports.render.wording import number
from reports.site import paths
from reports.site.compared_clips import ComparedClip
from reports.site.contents import TablePage
from reports.site.pictures import Picture, caption
from reports.site.runs import PlacedRun

MOST_POINTS = 40
"""The most that a curve has on the page of all runs, which holds hundreds."""


@dataclass(frozen=True)
class ShownClip:
    """A picture of a test clip."""

    told: str
    """What runs have in common that show such a one; may hold LaTeX math between dollar signs."""
    file: str
    """Below the site's root."""
    detail: str
    """Such as the clip's name, or its score."""


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
    def told_apart(self) -> frozenset[str]:
        """Names of the settings that tell it apart from other runs of its tables, by which it is searched."""
        return frozenset(name for one in self.appearances for name in one.placed.settings)

    @property
    def curve(self) -> Points | None:
        """Validation M_J in percent over optimiser steps; None before the first validation."""
        curve = self.first.placed.curve
        return None if curve is None else thinned(curve, MOST_POINTS)

    @property
    def clips(self) -> tuple[ShownClip, ...]:
        """Its best and its worst test clip, and where it stands for its row those that all rows show."""
        address = run_address(self.first.placed.run.key)
        shown = (
            ShownClip(_name(clip), paths.picture_file(view.prediction.file), f"M_J {number(view.m_j)}")
            for one in self.appearances
            for clip in one.page.clips
            for view in clip.views
            if view.address == address
        )
        extremes = (_extreme(picture) for picture in self.first.placed.pictures)
        return tuple(dict.fromkeys((*shown, *extremes)))


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


def _extreme(picture: Picture) -> ShownClip:
    told, _, clip = caption(picture).partition(": ")
    return ShownClip(told, paths.picture_file(picture.file), clip)


def _name(clip: ComparedClip) -> str:
    return f"{clip.task.upper()}, {clip.category} {clip.name}"
