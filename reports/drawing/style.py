"""One look for all figures, and files that are the same bytes whenever the data are."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports.drawing.hot_spots import spots_of
from reports.drawing.kept_drawings import Drawing, drawn_once
from reports.render.math_label import split_label

INK = "#24292e"
MUTED = "#6a737c"
RULE = "#d5d9dd"
REPORTED = "#b3541e"
SERIES = ("#1f6f78", "#c0692b", "#6b5b95", "#3f7d4e", "#a63d57", "#4c6fb1", "#8a7a2f", "#5c5c5c")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
VECTOR_DPI = 300
"""Resolution of pictures inside vector formats, in dots per inch."""

_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "combo",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "image.composite_image": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.hinting": "none",
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
_PDF_TRACES = ("CreationDate", "Creator", "Producer")
"""What would change from day to day, or with a version."""


def draw(paint: partial[Figure]) -> Drawing:
    """Paints a figure in the common style; returns SVG, PDF (both transparent), PNG (white, 200 dpi), and its spots.

    Args:
        paint: a function of a module with all that it paints, so that it can be told whether this was drawn before.
    """
    return drawn_once(paint, partial(_draw, paint))


def _draw(paint: partial[Figure]) -> Drawing:
    with mpl.rc_context(_SETTINGS):
        figure = paint()
        if figure.get_layout_engine() is not None:
            figure.draw_without_rendering()
            figure.set_layout_engine(None)  # laid out once, the same in all forms; "none" would draw each form twice
        spots = spots_of(figure)
        svg, pdf, png = io.StringIO(), io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", dpi=VECTOR_DPI, metadata={"Date": None, "Creator": None})
        figure.savefig(pdf, format="pdf", dpi=VECTOR_DPI, metadata=dict.fromkeys(_PDF_TRACES))
        figure.savefig(png, format="png", dpi=200, facecolor="white", metadata={"Software": None})
    return svg.getvalue(), pdf.getvalue(), png.getvalue(), spots


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
