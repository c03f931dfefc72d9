"""An SVG file turned into a part of a page: named, themable and free of clashing ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from reports.drawing.hot_spots import Spot
from reports.drawing.style import INK, MUTED, REPORTED, RULE, SERIES
from reports.render.plain_text import one_line

_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    REPORTED: "var(--reported)",
    **{color: f"var(--series-{index})" for index, color in enumerate(SERIES)},
}
_VIEW_BOX = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')


def inline_svg(svg: str, name: str, description: str, spots: Sequence[Spot] = ()) -> str:
    """The `<svg>` element alone, its colours taken from the page's CSS variables.

    Args:
        svg: what matplotlib wrote.
        name: prefix of its ids, unique on the page.
        description: read out in place of the picture.
        spots: become links over the drawing, which tell what stands there.
    """
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<!--.*?-->", "", element, flags=re.DOTALL)
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', element)
    element = re.sub(r'href="#([^"]*)"', rf'href="#{name}-\1"', element)
    element = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", element)
    for color, variable in _VARIABLES.items():
        element = element.replace(color, variable)
    opening = f'<svg role="{"group" if spots else "img"}" aria-label="{escape(description)}" '
    element = element.replace("<svg ", opening, 1).replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "", 1).strip()
    return element.removesuffix("</svg>") + _links(spots, *_size(svg)) + "</svg>" if spots else element


def _size(svg: str) -> tuple[float, float]:
    found = _VIEW_BOX.search(svg)
    assert found is not None
    return float(found[1]), float(found[2])


def _links(spots: Sequence[Spot], width: float, height: float) -> str:
    """Circles without colour; keys reach them through the drawing, so that nobody has to pass all of them."""
    circles = [
        f'<circle cx="{spot.x * width:.1f}" cy="{spot.y * height:.1f}" r="5">'
        f"<title>{escape(one_line(spot.told))}</title></circle>"
        for spot in spots
    ]
    links = [
        f'<a class="spot" href="#{escape(spot.address)}" tabindex="-1">{circle}</a>'
        if spot.address
        else f'<g class="spot">{circle}</g>'
        for spot, circle in zip(spots, circles, strict=True)
    ]
    return "".join(links)
