"""How AVSS pictures become squares, as in the released script."""

from __future__ import annotations

from PIL import Image


def to_square(picture: Image.Image, split: str, size: int, resampling: Image.Resampling) -> Image.Image:
    """Training pictures are cropped, the others squeezed.

    Args:
        picture: any size, any mode.
        split: train: the short side becomes `size`, the long one in proportion, rounded down, and the centre is cut
            out; val and test: the whole picture is resized, whatever its proportions.
        size: side of the result, pixels.
        resampling: bilinear for frames, nearest for labels and Maskiges.
    """
    if split != "train":
        return picture.resize((size, size), resampling)
    short = min(picture.size)
    width, height = (int(size * side / short) for side in picture.size)
    left, top = (round((side - size) / 2) for side in (width, height))
    return picture.resize((width, height), resampling).crop((left, top, left + size, top + size))
