"""An SVG file turned into a part of a page: named, themable and free of clashing ids."""

from __future__ import annotations

import re
from html import escape

from reports.drawing.style import INK, MUTED, REPORTED, RULE, SERIES

_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    REPORTED: "var(--reported)",
    **{color: f"var(--series-{index})" for index, color in enumerate(SERIES)},
}


def inline_svg(svg: str, name: str, description: str) -> str:
    """The `<svg>` element alone, its colours taken from the page's CSS variables.

    Args:
        svg: what matplotlib wrote.
        name: prefix of its ids, unique on the page.
        description: read out in place of the picture.
    """
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<!--.*?-->", "", element, flags=re.DOTALL)
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', element)
    element = re.sub(r'href="#([^"]*)"', rf'href="#{name}-\1"', element)
    element = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", element)
    for color, variable in _VARIABLES.items():
        element = element.replace(color, variable)
    opening = f'<svg role="img" aria-label="{escape(description)}" '
    return element.replace("<svg ", opening, 1).replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "", 1).strip()
