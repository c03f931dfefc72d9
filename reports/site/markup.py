"""Plots as parts of a page, and which addresses may become links."""

from __future__ import annotations

from markupsafe import Markup

from reports.drawing.inline_svg import inline_svg
from reports.drawing.plot import Plot
from reports.render.plain_text import one_line

_PICTURE_INSIDE = "<image "


def is_drawn(plot: Plot) -> bool:
    """Whether a plot is lines and letters alone; those with photographs inside are shown as pictures."""
    return _PICTURE_INSIDE not in plot.svg


def inline(plot: Plot) -> Markup:
    """A drawn plot as a part of the page, in the page's own colours."""
    return Markup(inline_svg(plot.svg, plot.name, one_line(plot.description), plot.spots))


def is_web_address(address: str) -> bool:
    """Whether an address may become a link: one that runs a script may not."""
    return address.startswith(("http://", "https://"))
