"""How much of the class scores of a pixel speaks for an object."""

from __future__ import annotations

import torch
from torch import Tensor


def foreground_share(background: Tensor, total: Tensor) -> Tensor:
    """Share of the class scores that is not background's; with two classes above one half where an object is.

    Args:
        background: scores of class 0, any shape.
        total: sum of the scores of all classes, background included, of the same shape.

    Returns:
        That shape, from 0 to 1; 0 where every score has vanished.
    """
    share = 1 - background / total.clamp_min(torch.finfo(total.dtype).tiny)
    return share.masked_fill(total == 0, 0)
