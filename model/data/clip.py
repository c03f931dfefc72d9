"""One clip of AVSBench in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Clip:
    """T frames, one per second, with the sound of each second; T is 5, or 10 for AVSS v2."""

    name: str
    category: str
    """S4: the sounding category; AVSS: the subset v1s, v1m or v2; MS3: empty."""
    frames: NDArray[np.uint8]
    """(T, 3, H, W) RGB."""
    maskiges: NDArray[np.uint8] | None
    """(T, 3, H, W) RGB, class-agnostic regions in colours (COMBO section 3.1); None where none are read."""
    log_mel: NDArray[np.float32]
    """(T, 1, 96, 64)."""
    labels: NDArray[np.int64]
    """(annotated frames, H, W) class ids; 0 is background, 255 is ignored."""
    annotated: NDArray[np.bool_]
    """(T,) which frames have labels."""
