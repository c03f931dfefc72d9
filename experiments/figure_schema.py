"""What a file of figure definitions may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from experiments.schema import Name, Part, once_each
from model.config import PositiveInt, Task


class Clips(Part):
    """Which test clips are shown: named ones, or the first ones of every category.

    No score has a say in it, so no figure shows a method at its best.
    """

    count: PositiveInt = 1
    after: Annotated[int, Field(ge=0, strict=True)] = 0
    """How many clips of the rule's order are passed over, because another figure shows them."""
    ids: tuple[str, ...] = ()
    """Names of clips; they replace the rule."""


class Shown(Part):
    """Clips of one task."""

    task: Task
    title: str = ""
    """Above the clips; the task's name by default."""
    clips: Clips = Clips()


class Trained(Shown):
    """Clips of one task as the trials of an experiment predict them."""

    experiment: str
    """Name of its file in the folder of the paper, without ending."""


class FigureRow(Part):
    """A row of predictions."""

    variant: Name
    label: str


class AttentionRow(FigureRow):
    """A row of a variant's attention."""

    map: Name
    """As the variant's model names it, such as `correlation-1`."""


class ProposerRow(Part):
    """A row of Maskiges."""

    proposer: Name
    label: str


class Figure(Part):
    """A figure of the paper, rebuilt."""

    number: str
    title: str
    caption: str


class HeatMaps(Figure):
    """Where variants see a sounding object, and how alike neighbouring frames are."""

    kind: Literal["heat_maps"]
    trained: Trained
    rows: Annotated[list[FigureRow], Field(min_length=1)]


class AttentionMaps(Figure):
    """What variants attend to inside, over the frames."""

    kind: Literal["attention_maps"]
    trained: Trained
    rows: Annotated[list[AttentionRow], Field(min_length=1)]


class Comparison(Figure):
    """Frames, sound, truth and the predictions of variants, task beside task."""

    kind: Literal["comparison"]
    blocks: Annotated[list[Trained], Field(min_length=1)]
    rows: Annotated[list[FigureRow], Field(min_length=1)]


class Palette(Figure):
    """The colours that Maskiges are painted in."""

    kind: Literal["palette"]
    colours: PositiveInt


class MaskigeRows(Figure):
    """The same frames as several proposers segment them."""

    kind: Literal["maskiges"]
    samples: Annotated[list[Shown], Field(min_length=1)]
    proposers: Annotated[list[ProposerRow], Field(min_length=1)]
    """Those of the paper; one whose Maskiges the data lacks is named as missing."""
    further: tuple[ProposerRow, ...] = ()
    """Shown where the data has them."""


class SubTasks(Figure):
    """A clip of each sub-task with its sound and its labels."""

    kind: Literal["sub_tasks"]
    samples: Annotated[list[Shown], Field(min_length=1)]


AnyFigure = Annotated[
    HeatMaps | AttentionMaps | Comparison | Palette | MaskigeRows | SubTasks, Field(discriminator="kind")
]


def _numbers_differ(figures: list[AnyFigure]) -> list[AnyFigure]:
    once_each([figure.number for figure in figures])
    return figures


class FigureFile(Part):
    """The figures of one paper that show data; drawings of an architecture are not rebuilt."""

    figures: Annotated[list[AnyFigure], Field(min_length=1), AfterValidator(_numbers_differ)]
