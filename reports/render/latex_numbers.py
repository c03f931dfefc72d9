r"""The numbers of a report as LaTeX macros: `numbers.tex`, to `\input` into the preamble of a manuscript."""

from __future__ import annotations

from collections.abc import Iterable

from reports.render.bound_numbers import BoundNumber, bound_numbers, short_names
from reports.render.latex_text import escape
from reports.render.plain_text import one_line
from reports.tables.cells import Table

FILE = "numbers.tex"
HEADER = r"% Numbers for running text: \input this file in the preamble, then write \combo{table7/lambda-5/s4/m_j}."
_DEFINITIONS = (
    r"\makeatletter",
    r"\newcommand{\combo}[1]{\ifcsname combo@#1\endcsname\csname combo@#1\endcsname\else\combo@unknown{#1}\fi}",
    r"\protected\def\combo@unknown#1{\PackageError{combo}{No number is called #1}{See numbers.tex.}\textbf{??}}",
    r"\protected\def\combo@missing#1#2{\PackageWarning{combo}{#1 is no number: #2}\textbf{??}}",
    r"\def\combo@number#1#2{\expandafter\def\csname combo@#1\endcsname{#2}}",
    r"\def\combo@both#1#2#3{\combo@number{#1#2}{#3}\combo@number{#2}{#3}}",
)
_IN_TEXT_AND_MATH = {"−": r"\ensuremath{-}", "±": r"\ensuremath{\pm}", "<": r"\ensuremath{<}"}


def render(tables: Iterable[Table]) -> str:
    """A macro for each number by its name, and by its short name where that means one number only.

    What has no number prints as `??`, as LaTeX's references do, and a warning says why.
    """
    numbers = bound_numbers(tables)
    short = short_names(numbers)
    lines = [_definition(number, short.get(number.name)) for number in numbers]
    return "\n".join([HEADER, *_DEFINITIONS, *lines, r"\makeatother", ""])


def _definition(number: BoundNumber, short: str | None) -> str:
    value = latex_value(number)
    if short is None:
        return rf"\combo@number{{{number.name}}}{{{value}}}"
    return rf"\combo@both{{{number.name.removesuffix(short)}}}{{{short}}}{{{value}}}"


def latex_value(number: BoundNumber) -> str:
    """What the macro of a number prints, in text and in math."""
    if not number.text:
        return rf"\combo@missing{{{number.name}}}{{{escape(number.why)}}}"
    text = one_line(number.text)
    parts = (_IN_TEXT_AND_MATH.get(character) or escape(character) or " " for character in text)
    return escape(text) if number.kind == "text" and "±" not in text else "".join(parts)
