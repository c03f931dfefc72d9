"""The report as one page that loads nothing but the pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from experiments.errors import Problem
from reports.cells import Table
from reports.figures.inline_svg import inline_svg
from reports.footnotes import describe_pooling
from reports.pictures import Picture
from reports.render import wording
from reports.render.math_label import glyphs, in_unicode, split_label
from reports.render.plain_text import one_line

TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = {"_": "sub", "^": "sup"}


@dataclass(frozen=True)
class Figure:
    """A plot of the page."""

    name: str
    """File name without ending; the SVG and PNG lie beside the page."""
    title: str
    description: str
    """Read out in place of the plot."""
    svg: str
    png: bytes

    @property
    def inline(self) -> Markup:
        """The plot as a part of the page."""
        return Markup(inline_svg(self.svg, self.name, one_line(self.description)))


def render(table: Table, figures: Sequence[Figure], pictures: Sequence[Picture], problems: Sequence[Problem]) -> str:
    """The page; everything that comes from files is escaped, and a content policy forbids scripts and remote loads."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: one_line(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "label": label,
        "in_unicode": in_unicode,
        "percent": wording.percent,
        "difference": wording.difference,
        "duration": wording.duration,
        "seeds": wording.seeds,
        "pooling": describe_pooling,
    }
    return environment.get_template("page.html.j2").render(
        table=table,
        figures=figures,
        pictures=pictures,
        problems=problems,
        css=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        metric_labels=wording.METRIC_LABELS,
        state_words=wording.STATE_WORDS,
    )


def label(text: str) -> Markup:
    """A label with its math as sub- and superscripts."""
    return Markup().join(_math(part.text) if part.is_math else escape(part.text) for part in split_label(text))


def _math(latex: str) -> Markup:
    pieces = [(_SCRIPTS.get(piece.script), piece.text) for piece in glyphs(latex)]
    shown = Markup().join(
        Markup("<{0}>{1}</{0}>").format(Markup(tag), text) if tag else escape(text) for tag, text in pieces
    )
    return Markup('<span class="math">{}</span>').format(shown)
