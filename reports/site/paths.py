"""Where things lie on a site: addresses below its root, with forward slashes."""

from __future__ import annotations

OVERVIEW = "index.html"
FIGURES = "figures.html"
TRIALS = "trials.html"
QUALITATIVE = "qualitative.html"
LIVE = "live.html"
"""The running sweep, where a report is served."""
STYLE = "assets/site.css"
MANIFEST = "assets/files.json"
"""Names all other files."""
TABLE_ENDINGS = ("md", "tex", "csv", "parquet", "json")
PLOT_ENDINGS = ("svg", "pdf", "png")


def table_page(slug: str) -> str:
    """The page of a table, such as `tables/combo-table7.html`."""
    return f"tables/{slug}.html"


def table_folder(name: str) -> str:
    """A file of a table, beside its page."""
    return f"tables/{name}"


def table_file(slug: str, ending: str) -> str:
    """A table in one of its formats."""
    return table_folder(f"{slug}.{ending}")


def search_page(slug: str) -> str:
    """The page of a search."""
    return f"searches/{slug}.html"


def figure_folder(name: str) -> str:
    """A file of a plot."""
    return f"figures/{name}"


def plot_file(name: str, ending: str) -> str:
    """A plot in one of its formats."""
    return figure_folder(f"{name}.{ending}")


def picture_file(file: str) -> str:
    """The copy of a picture of a trial."""
    return f"pictures/{file}"


def live_picture(file: str) -> str:
    """A picture of the page of the running sweep."""
    return f"live/{file}"
