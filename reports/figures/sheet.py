"""A sheet of pictures: rows by what is shown, columns by time, clips side by side; all sizes in inches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.prediction_record import ShownClass
from reports.drawing.fitted_text import inches, literal

WIDEST = 7.2
"""Width of the sheet: two columns of a paper."""
MARGIN = 0.04
LARGEST_CELL = 1.0
LABELS = 0.95
"""Room for the labels of the rows."""
HEAD = 0.38
"""Room for the title and the name of a clip."""
GAP, ROW_GAP, BLOCK_GAP, LINE_GAP = 0.03, 0.04, 0.14, 0.2
LINKS = 0.2
"""Height of a row of numbers between frames."""
LEGEND_LINE = 0.16
LEGEND_LINES = 3
"""Lines of class names below a clip; what does not fit is counted."""
LEGEND_SIZE = 6.5
"""Points."""
SWATCH, LEGEND_GAP = 0.15, 0.12
"""Room for a class's colour before its name, and between two classes."""
RAMP = 0.3
"""Height of the key to the heat."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """One picture per frame."""

    label: str
    pixels: NDArray[np.uint8]
    """(T, H, W, 3) RGB."""


@dataclass(frozen=True, eq=False)
class Wave:
    """Sound over the time of the frames."""

    label: str
    outline: NDArray[np.int16]
    """(n, 2) lowest and highest sample; n is 0 where there is no sound."""
    rate: int
    """Points per second, of which each frame has one."""


@dataclass(frozen=True)
class Links:
    """A number between every two neighbouring frames of the row above."""

    label: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Absent:
    """A row of pictures that this clip does not have."""

    label: str
    why: str


Row: TypeAlias = Pictures | Wave | Links | Absent


@dataclass(frozen=True)
class Block:
    """One clip."""

    title: str
    clip: str
    """Its name, which may be any text."""
    columns: int
    """Number of frames T."""
    rows: tuple[Row, ...]
    """The same kinds with the same labels in all blocks of a sheet."""
    classes: tuple[ShownClass, ...] = ()
    """To be named below, the most important first."""


@dataclass(frozen=True)
class Sheet:
    """Blocks on lines."""

    lines: tuple[tuple[Block, ...], ...]
    ramp: str
    """What the colours of the heat mean, to be said at the end; empty where there is no heat."""

    @property
    def cell(self) -> float:
        """Side of a picture: the fullest line fills the sheet."""
        return min(LARGEST_CELL, *(_cell_of(line) for line in self.lines))

    @property
    def height(self) -> float:
        """Height of the sheet."""
        lines = sum(self.line_height(line) for line in self.lines)
        return lines + LINE_GAP * (len(self.lines) - 1) + (RAMP if self.ramp else 0)

    def row_height(self, row: Row) -> float:
        """Height of one row, without the gap below it."""
        match row:
            case Pictures() | Absent():
                return self.cell
            case Wave():
                return max(0.25, 0.5 * self.cell)
            case Links():
                return LINKS

    @property
    def width(self) -> float:
        """Width of the sheet."""
        return LABELS + max(self._line_width(line) for line in self.lines) + MARGIN

    def block_width(self, block: Block) -> float:
        """Width of all columns of a clip."""
        return block.columns * (self.cell + GAP) - GAP

    def line_height(self, line: Sequence[Block]) -> float:
        """Height of a line of blocks, including the names of their classes."""
        rows = sum(self.row_height(row) + ROW_GAP for row in line[0].rows)
        legend = max(len(self.legend(block)) + (self.unnamed(block) > 0) for block in line)
        return HEAD + rows + LEGEND_LINE * legend

    def legend(self, block: Block) -> list[list[ShownClass]]:
        """The classes of a clip on lines of its width; those that find no room are left out."""
        lines: list[list[ShownClass]] = []
        room = 0.0
        for shown in block.classes:
            taken = SWATCH + inches(literal(shown.name), LEGEND_SIZE) + LEGEND_GAP
            if not lines or taken > room + LEGEND_GAP:
                lines.append([])
                room = self.block_width(block)
            lines[-1].append(shown)
            room -= taken
        return lines if len(lines) <= LEGEND_LINES else lines[: LEGEND_LINES - 1]

    def unnamed(self, block: Block) -> int:
        """Classes of a clip that its legend has no room for."""
        return len(block.classes) - sum(map(len, self.legend(block)))

    def _line_width(self, line: Sequence[Block]) -> float:
        return sum(map(self.block_width, line)) + BLOCK_GAP * (len(line) - 1)


def lay_out(blocks: Sequence[Block], columns: int, ramp: str = "") -> Sheet:
    """Puts blocks on lines in their order.

    Args:
        blocks: at least one.
        columns: most pictures side by side; a longer clip has a line of its own.
        ramp: see `Sheet`.
    """
    lines: list[list[Block]] = [[]]
    for block in blocks:
        taken = sum(other.columns for other in lines[-1])
        if lines[-1] and taken + block.columns > columns:
            lines.append([])
        lines[-1].append(block)
    return Sheet(tuple(map(tuple, lines)), ramp)


def _cell_of(line: Sequence[Block]) -> float:
    """Side of the pictures with which a line fills the sheet."""
    columns = sum(block.columns for block in line)
    gaps = GAP * (columns - len(line)) + BLOCK_GAP * (len(line) - 1)
    return (WIDEST - LABELS - MARGIN - gaps) / columns
