"""One look for all figures, and files that are the same bytes whenever the data are."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports.render.math_label import split_label

INK = "#24292e"
MUTED = "#6a737c"
RULE = "#d5d9dd"
REPORTED = "#b3541e"
SERIES = ("#1f6f78", "#c0692b", "#6b5b95", "#3f7d4e", "#a63d57", "#4c6fb1", "#8a7a2f", "#5c5c5c")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "combo",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "text.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def draw(paint: Callable[[], Figure]) -> tuple[str, bytes]:
    """Paints a figure in the common style and returns it as SVG (transparent) and PNG (white, 200 dpi)."""
    with mpl.rc_context(_SETTINGS):
        figure = paint()
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=200, facecolor="white", metadata={"Software": None})
    return svg.getvalue(), png.getvalue()


def label(text: str) -> str:
    """A label for matplotlib: its math is typeset, everything else is literal."""
    parts = split_label(text)
    shown = "".join(f"${part.text}$" if part.is_math else part.text.replace("$", r"\$") for part in parts)
    return f" {shown}" if shown.startswith("_") else shown


def pad(axes: Axes, values: list[float]) -> None:
    """Room above and below the values in percent, at least half a point, so that noise does not fill the axis."""
    low, high = min(values), max(values)
    margin = max(0.5, 0.25 * (high - low))
    axes.set_ylim(low - margin, high + margin)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
