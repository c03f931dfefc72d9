"""Documents that show tables by themselves, on pages as those of a two-column conference paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reports.render.latex_text import escape
from reports.tables.cells import Table

BIBLIOGRAPHY = "references"
"""Name of the file of references, without ending."""
_PREAMBLE = (
    r"\documentclass[twocolumn]{article}",
    r"\usepackage[utf8]{inputenc}",
    r"\usepackage[T1]{fontenc}",
    r"% Outlines instead of the bitmaps that T1 gets without them.",
    r"\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{\usepackage{mathptmx}\usepackage[scaled]{helvet}}",
    r"\usepackage[letterpaper,textwidth=6.875in,textheight=8.875in,columnsep=0.3125in]{geometry}",
    r"\usepackage{booktabs}",
    r"\usepackage{graphicx}",
    r"\setlength{\belowcaptionskip}{4pt}",
    r"\setlength{\defaultaddspace}{2pt}",
    r"% Until bibtex has run, citations show their keys.",
    r"\IfFileExists{\jobname.bbl}{}{\renewcommand{\cite}[1]{\nocite{##1}{\scriptsize[\detokenize{##1}]}}}",
    r"\begin{document}",
)


def render_standalone(table: Table, name: str) -> str:
    """A document of one table, as its paper would print it and with all that is known of its numbers."""
    body = [r"\pagestyle{empty}", *_input(table, f"{name}_cvpr"), *_input(table, f"{name}_audit")]
    return _document(body, [table])


def render_collection(tables: Mapping[str, Table], ending: str) -> str:
    """A document of all tables of a report in one style.

    Args:
        tables: by the name of the file, without its ending.
        ending: of the style's files, such as `_audit`.
    """
    body = [line for name, table in tables.items() for line in _input(table, name + ending)]
    return _document(body, tables.values())


def _input(table: Table, file: str) -> list[str]:
    """The papers' own numbers, and their names where papers share numbers."""
    number = f"{table.number} of {table.paper}"
    return [rf"\renewcommand{{\thetable}}{{{escape(number)}}}", rf"\input{{{file}.tex}}"]


def _document(body: list[str], tables: Iterable[Table]) -> str:
    cites = any(row.cite is not None for table in tables for row in table.rows)
    references = [r"\bibliographystyle{plain}", rf"\bibliography{{{BIBLIOGRAPHY}}}"] if cites else []
    return "\n".join([*_PREAMBLE, *body, *references, r"\end{document}", ""])
