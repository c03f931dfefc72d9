"""Text with math as HTML, and plots as parts of a page."""

from __future__ import annotations

from markupsafe import Markup, escape

from reports.drawing.inline_svg import inline_svg
from reports.drawing.plot import Plot
from reports.render.math_label import glyphs, split_label
from reports.render.plain_text import one_line

_SCRIPTS = {"_": "sub", "^": "sup"}
_PICTURE_INSIDE = "<image "


def label(text: str) -> Markup:
    """A label with its math as sub- and superscripts."""
    return Markup().join(_math(part.text) if part.is_math else escape(part.text) for part in split_label(text))


def is_drawn(plot: Plot) -> bool:
    """Whether a plot is lines and letters alone; those with photographs inside are shown as pictures."""
    return _PICTURE_INSIDE not in plot.svg


def inline(plot: Plot) -> Markup:
    """A drawn plot as a part of the page, in the page's own colours."""
    return Markup(inline_svg(plot.svg, plot.name, one_line(plot.description)))


def is_web_address(address: str) -> bool:
    """Whether an address may become a link: one that runs a script may not."""
    return address.startswith(("http://", "https://"))


def _math(latex: str) -> Markup:
    pieces = [(_SCRIPTS.get(piece.script), piece.text) for piece in glyphs(latex)]
    shown = Markup().join(
        Markup("<{0}>{1}</{0}>").format(Markup(tag), text) if tag else escape(text) for tag, text in pieces
    )
    return Markup('<span class="math">{}</span>').format(shown)
