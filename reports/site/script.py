"""The script of the pages: read from its parts, written into every page, and allowed by its hash alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from markupsafe import Markup

SCRIPTS = Path(__file__).parent / "scripts"
PARTS = (
    *("elements", "filter", "sort", "copy", "choice", "links", "small_screens"),
    *("hover", "zoom", "chart", "sides", "compare", "live", "slider", "start"),
)
"""In the order in which they stand in a page."""


@cache
def script() -> Markup:
    """The whole script, which a page holds between its tags."""
    parts = (SCRIPTS.joinpath(f"{name}.js").read_text(encoding="utf-8") for name in PARTS)
    return Markup('"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n")


@cache
def policy() -> str:
    """What a page may do: run this script, and load its own style and pictures.

    Plots bring styles of their own, and pictures inside them.
    """
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'self' file: 'unsafe-inline'; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )
