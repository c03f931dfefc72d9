"""A user's own paper, as tests write it, and the papers that ship by their names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from experiments.papers import Paper, read_paper, shipped_papers

PAPER = """
name: mine
label: Mine
title: A paper of one's own
cite: {key: me2026mine, year: 2026}
"""
REFERENCES = "@misc{me2026mine,\n  title = {A paper of one's own},\n  year = {2026}\n}\n"


def write_paper(folder: Path, files: Mapping[str, str] | None = None) -> Paper:
    """Writes the files of a paper into a folder, which is made; `paper.yaml` and `references.bib` if there are none.

    Args:
        folder: of the paper.
        files: content by name, such as `presets/small.yaml`.
    """
    for name, content in {"paper.yaml": PAPER, "references.bib": REFERENCES, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return read_paper(folder)


def shipped(name: str) -> Paper:
    """A paper that ships."""
    (found,) = (paper for paper in shipped_papers() if paper.name == name)
    return found
