"""What clips add to a score, made up."""

import numpy as np

from reports.stored.scores import ScoreTerms


def over_clips(values):
    values = np.asarray(values, dtype=float)[:, None]
    return ScoreTerms(values, np.ones_like(values), 1)


def over_classes(generator, clips, classes=6, parts=8):
    """Each class is in some clips only."""
    counts = generator.integers(1, 6, (clips, classes)) * (generator.random((clips, classes)) < 0.5)
    return ScoreTerms(generator.random((clips, classes)) * counts, counts.astype(float), parts)
