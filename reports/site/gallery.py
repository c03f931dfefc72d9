"""How the pictures of trials are called."""

from __future__ import annotations

import re

from reports.site.pictures import Picture

_EXTREME = re.compile(r"(highest|lowest)-m_j-(.+)")


def caption(picture: Picture) -> str:
    """What a picture shows, such as `highest $M_J$: dog_3`; may hold LaTeX math between dollar signs."""
    extreme = _EXTREME.fullmatch(picture.title)
    return picture.title if extreme is None else f"{extreme[1]} $M_J$: {extreme[2]}"
