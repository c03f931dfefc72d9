"""Text as LaTeX that prints exactly this text, whatever it holds."""

from __future__ import annotations

import re

from experiments.reported_schema import Citation
from reports.render.math_label import split_label
from reports.render.plain_text import one_line
from reports.render.symbols import SYMBOLS

_ESCAPES = {
    **{character: f"\\{character}" for character in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "*": "{*}",
    "−": "$-$",
    "²": "$^2$",
    "→": r"$\rightarrow$",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "…": r"\textellipsis{}",
    "†": r"\textdagger{}",
    **{symbol: rf"$\{name}$" for name, symbol in SYMBOLS.items()},
}
"""Brackets and stars are guarded because a row break before them would take them for its own."""
_LIGATURE = re.compile(r"([-,'])(?=\1)")
_LATIN = re.compile(r"(?![ĦħĸĿŀŉŦŧſ])[ -~¡-ſ]")
"""What the T1 encoding can print, which has gaps; other characters are shown by their code point."""
_CITATION_KEY = re.compile(r"[A-Za-z0-9:._/+-]+")


def escape(text: str) -> str:
    """Plain text as LaTeX that prints exactly this text under any engine."""
    return _escaped(one_line(text))


def label(text: str) -> str:
    """A label with its math."""
    return "".join(f"${part.text}$" if part.is_math else _escaped(part.text) for part in split_label(text))


def citation(cite: Citation) -> str:
    r"""A `\cite` of the source; what cannot be a key of a bibliography stands in brackets."""
    return rf"\cite{{{cite.key}}}" if is_key(cite.key) else escape(f"[{cite.key}]")


def is_key(text: str) -> bool:
    """Whether a bibliography may hold this as a key."""
    return _CITATION_KEY.fullmatch(text) is not None


def _escaped(text: str) -> str:
    escaped = "".join(_ESCAPES.get(character) or _printable(character) for character in text)
    return _LIGATURE.sub(r"\1{}", escaped)


def _printable(character: str) -> str:
    return character if _LATIN.fullmatch(character) else f"[U+{ord(character):04X}]"
