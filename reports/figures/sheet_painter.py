"""Paints a sheet of pictures: every picture, number and letter in its place, to the hundredth of an inch."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from reports.drawing.fitted_text import fitted, inches, literal, wrapped
from reports.drawing.style import INK, MUTED, RULE, SERIES, VECTOR_DPI
from reports.figures.clip_pictures import HEAT_MAP
from reports.figures.sheet import (
    BLOCK_GAP,
    GAP,
    HEAD,
    LABELS,
    LEGEND_GAP,
    LEGEND_LINE,
    LEGEND_SIZE,
    LINE_GAP,
    LINKS,
    MARGIN,
    RAMP,
    ROW_GAP,
    SWATCH,
    Absent,
    Block,
    Links,
    Pictures,
    Row,
    Sheet,
    Wave,
)

LABEL_SIZE, TITLE_SIZE, SMALL_SIZE = 7.5, 8.0, 6.5
"""Points."""


def paint(sheet: Sheet) -> Figure:
    """The sheet as a figure of its own size."""
    return _Painter(sheet).paint()


class _Painter:
    """Knows where the pen is; y runs from the top."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.figure = Figure(figsize=(sheet.width, sheet.height))
        self.page = self.figure.add_axes((0, 0, 1, 1))
        self.page.set(xlim=(0, sheet.width), ylim=(sheet.height, 0))
        self.page.axis("off")

    def paint(self) -> Figure:
        top = 0.0
        for line in self.sheet.lines:
            left = LABELS
            for index, block in enumerate(line):
                self._block(block, left, top, with_labels=index == 0)
                left += self.sheet.block_width(block) + BLOCK_GAP
            top += self.sheet.line_height(line) + LINE_GAP
        if self.sheet.ramp:
            self._ramp(self.sheet.height - RAMP)
        return self.figure

    def _block(self, block: Block, left: float, top: float, *, with_labels: bool) -> None:
        width = self.sheet.block_width(block)
        self._text(left, top + 0.12, fitted(block.title, width, TITLE_SIZE, "bold"), TITLE_SIZE, weight="bold")
        self._text(left, top + 0.27, fitted(block.clip, width, SMALL_SIZE), SMALL_SIZE, color=MUTED)
        y = top + HEAD
        for row in block.rows:
            height = self.sheet.row_height(row)
            if with_labels:
                label = wrapped(row.label, LABELS - 0.12, LABEL_SIZE)
                size, color = (SMALL_SIZE, MUTED) if isinstance(row, Links) else (LABEL_SIZE, INK)
                self._text(LABELS - 0.08, y + height / 2, label, size, ha="right", color=color)
            self._row(row, block.columns, left, y, height)
            y += height + ROW_GAP
        self._legend(block, left, y)

    def _row(self, row: Row, columns: int, left: float, y: float, height: float) -> None:
        match row:
            case Pictures():
                for column, picture in enumerate(row.pixels):
                    self._picture(picture, left + column * (self.sheet.cell + GAP), y, height, height)
            case Wave():
                self._wave(row, columns, left, y, height)
            case Links():
                self._links(row, left, y)
            case Absent():
                width = columns * (self.sheet.cell + GAP) - GAP
                frame = Rectangle((left, y), width, height, facecolor="none", edgecolor=RULE, linewidth=0.6)
                self.page.add_patch(frame)
                self._text(left + width / 2, y + height / 2, row.why, SMALL_SIZE, ha="center", color=MUTED)

    def _picture(self, picture: NDArray[np.uint8], left: float, y: float, width: float, height: float) -> None:
        """As it is where it has no more pixels than the vector formats keep; areas are averaged on the way down."""
        is_fine = max(picture.shape[0] / height, picture.shape[1] / width) > VECTOR_DPI
        place = (left, left + width, y + height, y)
        self.page.imshow(picture, extent=place, aspect="auto", interpolation="auto" if is_fine else "none")

    def _wave(self, row: Wave, columns: int, left: float, y: float, height: float) -> None:
        """Each second under its frame; seconds meet in the middle of the gaps between frames."""
        pitch, width, middle = self.sheet.cell + GAP, columns * (self.sheet.cell + GAP) - GAP, y + height / 2
        if not len(row.outline):
            self._text(left + width / 2, middle, "no sound file", SMALL_SIZE, ha="center", color=MUTED)
            return
        for second in range(1, columns):
            self._line((left + second * pitch - GAP / 2,) * 2, (y, y + height), RULE, zorder=4)
        self._line((left, left + width), (middle, middle), RULE)
        loudest = max(1, int(np.abs(row.outline.astype(np.int64)).max()))
        x = left - GAP / 2 + (np.arange(len(row.outline)) + 0.5) / row.rate * pitch
        lowest, highest = (middle - row.outline / loudest * height / 2).T
        seen = (x >= left) & (x <= left + width)
        self.page.fill_between(x[seen], lowest[seen], highest[seen], color=SERIES[0], linewidth=0.2, zorder=3)

    def _links(self, row: Links, left: float, y: float) -> None:
        """A bracket from the middle of a frame to the middle of the next, its number in the middle."""
        pitch, middle = self.sheet.cell + GAP, y + LINKS / 2
        for index, number in enumerate(row.numbers):
            start = left + index * pitch + self.sheet.cell / 2
            room = (pitch - inches(number, SMALL_SIZE)) / 2 - 0.04
            for end, inner in ((start + 0.03, start + room), (start + pitch - 0.03, start + pitch - room)):
                self._line((end, end, inner), (y, middle, middle), MUTED)
            self._text(start + pitch / 2, middle, literal(number), SMALL_SIZE, ha="center")

    def _legend(self, block: Block, left: float, y: float) -> None:
        lines = self.sheet.legend(block)
        for index, line in enumerate(lines):
            x, middle = left, y + index * LEGEND_LINE + LEGEND_LINE / 2
            for shown in line:
                colour = tuple(part / 255 for part in shown.colour)
                field = Rectangle((x, middle - 0.05), 0.1, 0.1, facecolor=colour, edgecolor=INK, linewidth=0.4)
                self.page.add_patch(field)
                self._text(x + SWATCH, middle, literal(shown.name), LEGEND_SIZE)
                x += SWATCH + inches(literal(shown.name), LEGEND_SIZE) + LEGEND_GAP
        if further := self.sheet.unnamed(block):
            middle = y + len(lines) * LEGEND_LINE + LEGEND_LINE / 2
            self._text(left, middle, f"and {further} more classes", LEGEND_SIZE, color=MUTED)

    def _ramp(self, y: float) -> None:
        """The key to the heat, at the right."""
        width, middle = 1.2, y + RAMP / 2
        left = self.sheet.width - MARGIN - width - 0.12
        colours = np.rint(255 * mpl.colormaps[HEAT_MAP](np.linspace(0, 1, 256))[None, :, :3]).astype(np.uint8)
        self._picture(colours, left, middle - 0.045, width, 0.09)
        self._text(left - 0.05, middle, "0", SMALL_SIZE, ha="right")
        self._text(left + width + 0.05, middle, "1", SMALL_SIZE)
        self._text(left - 0.16, middle, self.sheet.ramp, SMALL_SIZE, ha="right")

    def _line(self, x: tuple[float, ...], y: tuple[float, ...], color: str, zorder: float = 2) -> None:
        self.page.plot(x, y, color=color, linewidth=0.5, solid_joinstyle="miter", zorder=zorder)

    def _text(
        self, x: float, y: float, text: str, size: float, *, ha: str = "left", color: str = INK, weight: str = "normal"
    ) -> None:
        self.page.text(
            x, y, text, fontsize=size, ha=ha, va="center_baseline", color=color, fontweight=weight, linespacing=1.1
        )
