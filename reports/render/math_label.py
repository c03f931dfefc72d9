r"""Labels with LaTeX math between dollar signs, such as `$\lambda_{ada}$`.

Only a small grammar counts as math: letters, numbers, Greek, simple fonts, one subscript and one superscript. All
else between dollar signs is text, so that a label cannot smuggle a TeX command into a document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.render.plain_text import one_line
from reports.render.symbols import SYMBOLS

_SYMBOL = rf"\\(?:{'|'.join(SYMBOLS)})(?![A-Za-z])"
_PLAIN = r"[A-Za-z0-9.,+\-=()/]"
_FONT = r"\\(?:mathcal|mathrm|mathbf)\{[A-Za-z0-9]+\}"
_NUCLEUS = rf"(?:{_SYMBOL}|{_FONT}|{_PLAIN})"
_SCRIPT = rf"(?:\{{(?:{_NUCLEUS}| )+\}}|[A-Za-z0-9]|{_SYMBOL})"
_TERM = rf"{_NUCLEUS}(?:_{_SCRIPT}(?:\^{_SCRIPT})?|\^{_SCRIPT}(?:_{_SCRIPT})?)?"
_MATH = re.compile(rf"(?:{_TERM}| )+")
_PARTS = re.compile(r"\$(?! )([^$]+)(?<! )\$")
_TOKENS = re.compile(rf"([_^]?)({_SCRIPT}|{_NUCLEUS}| )")


@dataclass(frozen=True)
class Part:
    """A stretch of a label: plain text, or the LaTeX between two dollar signs."""

    text: str
    is_math: bool


@dataclass(frozen=True)
class Glyphs:
    """A stretch of math in Unicode, raised (`^`), lowered (`_`) or on the line (empty)."""

    text: str
    script: str


def split_label(label: str) -> list[Part]:
    """The parts of a label in reading order; dollar signs around something else than math stay in the text."""
    label = one_line(label)
    parts: list[Part] = []
    end = 0
    for found in _PARTS.finditer(label):
        if not _MATH.fullmatch(found[1]):
            continue
        parts += [Part(label[end : found.start()], False), Part(found[1], True)]
        end = found.end()
    return [part for part in (*parts, Part(label[end:], False)) if part.text]


def glyphs(math: str) -> list[Glyphs]:
    """The Unicode form of the math of a `Part`."""
    return [Glyphs(_symbols(found[2]), found[1]) for found in _TOKENS.finditer(math)]


def in_unicode(label: str) -> str:
    """A label for media without typesetting: `λ_ada`."""
    return "".join(
        "".join(f"{piece.script}{piece.text}" for piece in glyphs(part.text)) if part.is_math else part.text
        for part in split_label(label)
    )


def _symbols(latex: str) -> str:
    plain = re.sub(r"\\(?:mathcal|mathrm|mathbf)\{([A-Za-z0-9]+)\}", r"\1", latex)
    plain = re.sub(_SYMBOL, lambda found: SYMBOLS[found[0][1:]], plain)
    return plain.strip("{}")
