"""Documents that show tables by themselves, on pages as those of a two-column conference paper."""

from __future__ import annotations

from collections.abc import Mapping

from reports.render.latex_text import escape
from reports.tables.cells import Table

_PREAMBLE = (
    r"\documentclass[twocolumn]{article}",
    r"\usepackage[utf8]{inputenc}",
    r"\usepackage[T1]{fontenc}",
    r"\usepackage[letterpaper,textwidth=6.875in,textheight=8.875in,columnsep=0.3125in]{geometry}",
    r"\usepackage{booktabs}",
    r"\usepackage{graphicx}",
    r"\setlength{\belowcaptionskip}{4pt}",
    r"% Without a bibliography, citations show their keys.",
    r"\renewcommand{\cite}[1]{{\scriptsize[\detokenize{#1}]}}",
    r"\begin{document}",
)


def render_standalone(table: Table, name: str) -> str:
    r"""A document that inputs `<name>.tex` from its own folder."""
    return _document([r"\pagestyle{empty}", *_input(table, name)])


def render_collection(tables: Mapping[str, Table]) -> str:
    """A document that inputs all tables of a report from its own folder.

    Args:
        tables: by the name of the file, without its ending.
    """
    return _document([line for name, table in tables.items() for line in _input(table, name)])


def _input(table: Table, name: str) -> list[str]:
    """The papers' own numbers, and their names where papers share numbers."""
    number = f"{table.number} of {table.paper}"
    return [rf"\renewcommand{{\thetable}}{{{escape(number)}}}", rf"\input{{{name}.tex}}"]


def _document(body: list[str]) -> str:
    return "\n".join([*_PREAMBLE, *body, r"\end{document}", ""])
