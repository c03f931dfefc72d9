"""What can be read off a plot without looking at it: matplotlib names every text of an SVG in a comment."""

import re

from reports.drawing.inline_svg import inline_svg


def texts(plot):
    """All texts of a plot, ticks included; math as LaTeX."""
    return re.findall(r"<!-- (.*?) -->", plot.svg)


def assert_fits_a_page(plots):
    """Files have safe names and all forms, ids do not clash, and every colour follows the page's theme."""
    names = [name for plot in plots for name in plot.files]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+\.(svg|pdf|png)", name) for name in names)
    page = "".join(inline_svg(plot.svg, plot.name, plot.description) for plot in plots)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert {"".join(found) for found in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)} <= set(ids)
    assert not re.search(r"(?:fill|stroke): ?#", page)
    for plot in plots:
        assert plot.png.startswith(b"\x89PNG")
        assert plot.pdf.startswith(b"%PDF")
        assert plot.title
        assert plot.description
