"""A table in LaTeX as a picture, beside the same table with the numbers that the paper reports."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageChops

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from reports.render.latex_documents import render_collection
from reports.render.latex_float import TWO_COLUMN, float_lines
from reports.render.latex_tabular import Tabular
from reports.render.latex_text import escape
from reports.render.paper_lines import paper_layers
from reports.stored.results import read_results
from reports.tables.cells import Cell, Table
from reports.tables.statistics import summarise
from reports.tables.table import build_table

OURS, REPORTED = "measured", "reported"
BEGIN = r"\begin{document}"
FLOATS_ON_TOP = r"\makeatletter\setlength{\@fptop}{0pt}\makeatother"
DOTS = 150
"""Per inch."""
MARGIN = 24


def latex_picture(experiment: str, measured: Path, path: Path) -> None:
    """Sets both tables side by side, in the style for papers of two columns.

    Args:
        experiment: by name.
        measured: `tables/<name>_cvpr.tex` of a report.
        path: of the picture.
    """
    table = _reported_alone(experiment)
    told = f"{{{escape(table.caption)} All numbers as the paper reports them.}}"
    lines = float_lines(TWO_COLUMN, Tabular(table, paper_layers(table)), told, f"tab:{REPORTED}")
    document = render_collection({OURS: table, REPORTED: table}, "")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / f"{OURS}.tex").write_text(measured.read_text(encoding="utf-8"), encoding="utf-8")
        (place / f"{REPORTED}.tex").write_text(r"\null\newpage" + "\n" + "\n".join(lines), encoding="utf-8")
        (place / "page.tex").write_text(document.replace(BEGIN, FLOATS_ON_TOP + BEGIN + r"\pagestyle{empty}"))
        _run("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex", folder=place)
        _run("pdftoppm", "-r", str(DOTS), "-png", "-singlefile", "page.pdf", "page", folder=place)
        _without_margins(Image.open(place / "page.png").convert("RGB")).save(path)


def _reported_alone(experiment: str) -> Table:
    """The table as if the paper's numbers had been measured."""
    scaled = load_experiment(experiment)
    table = build_table(scaled, expand(scaled), read_results(Path("/nonexistent"), None))

    def reported(cell: Cell) -> Cell:
        summary = None if cell.reported is None else summarise([cell.reported.value])
        return replace(cell, state="measured", summary=summary)

    rows = tuple(replace(row, cells=tuple(map(reported, row.cells))) for row in table.rows)
    return replace(table, rows=rows)


def _without_margins(page: Image.Image) -> Image.Image:
    ink = ImageChops.difference(page, Image.new("RGB", page.size, "white")).getbbox()
    assert ink is not None, "nothing was set"
    left, top, right, bottom = ink
    return page.crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN))


def _run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
