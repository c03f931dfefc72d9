"""Executes the notebooks of the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
FIRST_SWEEP = ROOT / "docs" / "notebooks" / "first-sweep.ipynb"


def read(path: Path) -> NotebookNode:
    """A notebook, checked against the format's schema."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Executes a notebook in a kernel of its own, as Jupyter does.

    Args:
        notebook: changed in place.
        folder: in which the kernel runs.
    """
    client = NotebookClient(notebook, timeout=540, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    return client.execute()


def tables(notebook: NotebookNode) -> dict[str, str]:
    """What its cells show as text, by their ids."""
    shown = {}
    for cell in notebook.cells:
        texts = [one["data"].get("text/plain", "") for one in cell.get("outputs", ()) if "data" in one]
        shown[cell.id] = "\n".join(texts)
    return shown


def environment(own: dict[str, str]) -> dict[str, str]:
    """Variables for a kernel that finds the packages and the command of this checkout."""
    places = [str(ROOT), str(ROOT / "orchestrator" / "door"), own.get("PYTHONPATH", "")]
    path = ":".join([str(Path(sys.executable).parent), own.get("PATH", "")])
    return {"PYTHONPATH": ":".join(filter(None, places)), "PATH": path, "MPLBACKEND": "agg"}
