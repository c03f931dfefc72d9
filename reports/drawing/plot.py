"""A drawn figure in the forms in which it is kept."""

from __future__ import annotations

from dataclasses import dataclass

from reports.drawing.hot_spots import Spot


@dataclass(frozen=True)
class Plot:
    """A figure as vector graphics and as a picture."""

    name: str
    """Name of its files, without ending."""
    title: str
    """May hold LaTeX math between dollar signs."""
    description: str
    """Read out in place of the picture, as plain text."""
    svg: str
    pdf: bytes
    png: bytes
    spots: tuple[Spot, ...] = ()
    """What its markers stand for."""

    @property
    def files(self) -> dict[str, str | bytes]:
        """The files by name."""
        return {f"{self.name}.svg": self.svg, f"{self.name}.pdf": self.pdf, f"{self.name}.png": self.png}


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
