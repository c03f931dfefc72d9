"""The filmstrip of a prediction: seconds side by side, each with frame, Maskige, mask and score."""

from __future__ import annotations

from fractions import Fraction

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model.config import Task
from model.drawing.filmstrip import GAP, TEXT, cell_size, filmstrip, thumbnail, tinted, write_names
from model.prediction.layer import mask_colours
from model.prediction.segment import Segmented

COLUMNS = 20
"""Most seconds, or parts of seconds, that a strip shows."""
ROWS = ("frame", "Maskige", "mask", "score")
"""The second one is absent for a network that looks at no Maskiges."""
SCORE_MAP = "viridis"
LEFT = 64
"""Room for the rows' names."""
TOP = 24
"""Room for the seconds."""
SCALE_WIDTH = 10


class Strip:
    """Collects seconds and keeps an evenly spread selection of at most `COLUMNS` of them, however many come.

    Args:
        task: decides the masks' colours.
        pixel_aspect: width of a frame's pixels by their height.
        rate: how many parts of a second, each a column, there are.
    """

    def __init__(self, task: Task, pixel_aspect: Fraction = Fraction(1), rate: int = 1) -> None:
        self._colours = mask_colours(task)
        self._pixel_aspect, self._rate = pixel_aspect, rate
        self._columns: dict[int, list[Image.Image]] = {}
        self._stride = 1
        self._parts = 0

    def add(self, segmented: Segmented) -> None:
        """Takes the next second."""
        index = segmented.second.index
        self._parts = index + 1
        if index % self._stride:
            return
        self._columns[index] = self._column(segmented)
        if len(self._columns) > COLUMNS:
            self._stride *= 2
            self._columns = {index: column for index, column in self._columns.items() if index % self._stride == 0}

    def draw(self) -> Image.Image:
        """The strip with the numbers of its seconds and the names of its rows; at least one second was added."""
        rows = list(zip(*self._columns.values(), strict=True))
        names = ROWS if len(rows) == len(ROWS) else (ROWS[0], *ROWS[2:])
        strip = filmstrip(rows)
        note = TOP if self._stride > 1 else 0
        picture = Image.new("RGB", (LEFT + strip.width, TOP + strip.height + note), "white")
        picture.paste(strip, (LEFT, TOP))
        pen, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT)
        width, height = rows[0][0].size
        for place, part in enumerate(self._columns):
            middle, time = LEFT + place * (width + GAP) + width / 2, f"{part / self._rate:g} s"
            pen.text((middle, TOP / 2), time, "black", font, anchor="mm")
        write_names(picture, names, LEFT, TOP, height)
        self._draw_scale(picture, TOP + names.index("score") * (height + GAP), height)
        if note:
            selection = f"one of every {self._stride} {'seconds' if self._rate == 1 else 'masks'}, {self._parts} in all"
            pen.text((LEFT, picture.height - note / 2), selection, "black", font, anchor="lm")
        return picture

    @staticmethod
    def _draw_scale(picture: Image.Image, top: int, height: int) -> None:
        """What the colours of the scores mean: 1 above, 0 below, at the left edge."""
        ramp = np.linspace(1, 0, height, dtype=np.float32)[:, None].repeat(SCALE_WIDTH, axis=1)
        picture.paste(Image.fromarray(heat(ramp)), (0, top))
        pen, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT)
        pen.text((SCALE_WIDTH + 4, top), "1", "black", font, anchor="lt")
        pen.text((SCALE_WIDTH + 4, top + height), "0", "black", font, anchor="lb")

    def _column(self, segmented: Segmented) -> list[Image.Image]:
        frame = segmented.second.frame
        height, width = frame.shape[:2]
        size = cell_size(height, max(1, round(width * self._pixel_aspect)))
        mask = tinted(frame, segmented.classes > 0, self._colours[segmented.classes])
        maskige = segmented.second.maskige
        pictures = (frame, *(() if maskige is None else (maskige,)), mask, heat(segmented.score))
        return [thumbnail(picture, size) for picture in pictures]


def heat(score: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scores 0 to 1 (H, W) as colours (H, W, 3)."""
    return np.asarray(matplotlib.colormaps[SCORE_MAP](score, bytes=True)[..., :3])
