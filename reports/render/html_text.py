"""Labels with math as HTML."""

from __future__ import annotations

from markupsafe import Markup, escape

from reports.render.math_label import glyphs, split_label

_SCRIPTS = {"_": "sub", "^": "sup"}


def label(text: str) -> Markup:
    """A label with its math as sub- and superscripts."""
    return Markup().join(_math(part.text) if part.is_math else escape(part.text) for part in split_label(text))


def _math(latex: str) -> Markup:
    pieces = [(_SCRIPTS.get(piece.script), piece.text) for piece in glyphs(latex)]
    shown = Markup().join(
        Markup("<{0}>{1}</{0}>").format(Markup(tag), text) if tag else escape(text) for tag, text in pieces
    )
    return Markup('<span class="math" data-tex="{}">{}</span>').format(latex, shown)
