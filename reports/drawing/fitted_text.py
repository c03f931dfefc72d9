"""Text of any origin that stays in its place: as wide as it may be, in letters that the font has, never as math."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from reports.drawing.style import label
from reports.render.plain_text import one_line

FAMILY = "DejaVu Sans"
POINTS_PER_INCH = 72
NO_GLYPH = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"


def literal(text: str) -> str:
    """Text for matplotlib without math, control characters and letters that the font lacks."""
    return "".join(letter if _has_glyph(letter) else NO_GLYPH for letter in one_line(text)).replace("$", r"\$")


def fitted(text: str, width: float, size: float, weight: str = "normal") -> str:
    """`literal` text, cut to a width.

    Args:
        text: of any origin.
        width: room in inches.
        size: of the letters in points.
        weight: of the letters.
    """
    if inches(literal(text), size, weight) <= width:
        return literal(text)
    lengths = range(1, len(text))
    fitting = bisect_right(lengths, width, key=lambda kept: inches(literal(text[:kept] + ELLIPSIS), size, weight))
    return literal(text[:fitting].rstrip() + ELLIPSIS)


def wrapped(text: str, width: float, size: float) -> str:
    """A label of ours, with its math, on as many lines as it takes; a word that is too long stays whole."""
    lines = [""]
    for word in label(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and inches(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


@cache
def inches(text: str, size: float, weight: str = "normal") -> float:
    """Width of one line as matplotlib draws it."""
    if not text.strip():
        return 0.0
    outline = TextPath((0, 0), text, size=size, prop=FontProperties(family=FAMILY, weight=weight))
    # Fonts have points at the extremes of their curves, so the curves, which take three times as long, tell no more.
    across = outline.vertices[outline.codes != Path.CLOSEPOLY, 0]
    return float(np.ptp(across)) / POINTS_PER_INCH if len(across) else 0.0


@cache
def _has_glyph(letter: str) -> bool:
    return bool(get_font(findfont(FontProperties(family=FAMILY))).get_char_index(ord(letter)))
