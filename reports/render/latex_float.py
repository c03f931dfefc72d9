"""A table's LaTeX environment, shared by all styles: the tabular, shrunk where it is wider than its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.render.latex_tabular import Tabular

PACKAGES = r"% Needs \usepackage{booktabs}, \usepackage{graphicx} and \usepackage[T1]{fontenc}."
COLUMN_WIDTH = 60
"""Characters of the smaller type that a column of a two-column paper holds; wider tables take both columns."""


@dataclass(frozen=True)
class Float:
    """How a table stands on its page."""

    size: str
    """LaTeX's name of the type size, such as `small`."""
    tab_sep: str
    """Half of the space between two columns."""
    may_span: bool
    """Whether a wide table takes both columns of its page."""


BOOKTABS = Float("small", "6pt", may_span=False)
"""For pages of one column."""
TWO_COLUMN = Float("footnotesize", "4pt", may_span=True)
"""For papers of two columns, such as CVPR's."""


def float_lines(style: Float, tabular: Tabular, caption: str, label: str, below: Sequence[str] = ()) -> Iterator[str]:
    """The environment.

    Args:
        style: how it stands on its page.
        tabular: what it holds.
        caption: argument of its caption, brackets included.
        label: what the document refers to it by.
        below: lines under the tabular.
    """
    environment = "table*" if style.may_span and tabular.width > COLUMN_WIDTH else "table"
    yield PACKAGES
    yield rf"\begin{{{environment}}}[tbp]"
    yield r"  \centering"
    yield rf"  \caption{caption}"
    yield rf"  \label{{{label}}}"
    yield rf"  \{style.size}"
    yield rf"  \setlength{{\tabcolsep}}{{{style.tab_sep}}}"
    yield r"  \sbox0{%"
    yield from (f"    {line}" for line in tabular.lines())
    yield r"  }%"
    yield r"  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi"
    yield from below
    yield rf"\end{{{environment}}}"
