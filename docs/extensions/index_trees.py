"""Navigation from the index pages: what the table of an `index.md` links to is what lies below it, in that order.

So that an index is written once, as the table that people read, and a page that no index has is a warning of Sphinx.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

LINK = re.compile(r"\]\(((?!\.\.)[\w/-]+)\.md\)")
"""To a page of the same folder or below it."""
INDEX = "index"


def add_tree(app: Sphinx, document: str, source: list[str]) -> None:  # noqa: ARG001
    """Adds the tree of an index page to its text.

    Args:
        app: Sphinx.
        document: name of the page, such as `guides/index`.
        source: its text, the only entry; replaced.
    """
    if document.rpartition("/")[2] != INDEX:
        return
    pages = dict.fromkeys(LINK.findall(source[0]))
    if pages:
        source[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", add_tree)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
