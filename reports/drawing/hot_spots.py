"""Places in a plot that tell more: what a marker stands for, and where on its page that is found."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure


class Spot(NamedTuple):
    """A place that is known once the figure is laid out."""

    x: float
    """Share of the figure's width, from the left."""
    y: float
    """Share of its height, from the top."""
    told: str
    """In one line of plain text."""
    address: str
    """Place of what it stands for on the same page, without `#`; empty where there is no such place."""


class HotSpot(Artist):
    """A marker's place in the coordinates of its axes. It draws nothing: pages lay their links over the drawing."""

    def __init__(self, x: float, y: float, told: str, address: str = "") -> None:
        super().__init__()
        self.told, self.address, self._place = told, address, (x, y)
        self.set_in_layout(False)

    def draw(self, renderer: RendererBase) -> None:
        """Nothing."""

    def spot(self) -> Spot:
        """Its place in the figure, which must be laid out."""
        axes, figure = self.axes, self.get_figure(root=True)
        assert isinstance(axes, Axes)
        assert figure is not None
        across, up = axes.transData.transform(self._place)
        return Spot(across / figure.bbox.width, 1 - up / figure.bbox.height, self.told, self.address)


def spots_of(figure: Figure) -> tuple[Spot, ...]:
    """All spots of a figure that is laid out, in the order in which they were added."""
    return tuple(spot.spot() for spot in figure.findobj(HotSpot) if isinstance(spot, HotSpot))
