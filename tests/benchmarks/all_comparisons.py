"""Everything that is compared, by name."""

from __future__ import annotations

import correlation_of_frames
import deformable
import evaluation
import fscore
import loader
import losses
import tpavi
import training_step
from comparison import Comparison

COMPARISONS: dict[str, Comparison] = {
    comparison.name: comparison
    for module in (training_step, losses, deformable, loader, evaluation, fscore, tpavi, correlation_of_frames)
    for comparison in module.COMPARISONS
}
