"""The named, versioned rules of scoring. Needs no PyTorch, so that whoever shows scores can know them."""

from __future__ import annotations

from dataclasses import dataclass

from model.config import Task

THRESHOLDS = 255
BETA_SQUARED = 0.3


@dataclass(frozen=True)
class Rules:
    """How scores are computed; whatever changes a score changes the version."""

    name: str
    version: int
    f_pooling: str
    """Over which frames the F-score's best threshold is chosen."""
    thresholds: int
    beta_squared: float
    empty_mask_rule: str

    @property
    def label(self) -> str:
        """Such as `avsbench-binary@1`."""
        return f"{self.name}@{self.version}"


BINARY = Rules(
    name="avsbench-binary",
    version=1,
    f_pooling="clip",
    thresholds=THRESHOLDS,
    beta_squared=BETA_SQUARED,
    empty_mask_rule="J: share of background pixels predicted background; F: frame skipped, clip of empty frames is 0",
)
POOL_FREE_BINARY = Rules(
    name="avsbench-binary-dataset",
    version=1,
    f_pooling="dataset",
    thresholds=THRESHOLDS,
    beta_squared=BETA_SQUARED,
    empty_mask_rule="J: share of background pixels predicted background; F: frame skipped",
)
BATCHED_BINARY = Rules(
    name="avsbench-binary-batch4",
    version=1,
    f_pooling="batch of 4 clips",
    thresholds=THRESHOLDS,
    beta_squared=BETA_SQUARED,
    empty_mask_rule="J: share of background pixels predicted background; F: frame skipped, batch of empty frames is 0",
)
SEMANTIC = Rules(
    name="avsbench-semantic",
    version=1,
    f_pooling="frame_class",
    thresholds=1,
    beta_squared=BETA_SQUARED,
    empty_mask_rule="a class counts in frames where it is predicted or present; classes never seen score 0",
)

AUTHORS: dict[Task, Rules] = {"s4": BINARY, "ms3": BINARY, "avss": SEMANTIC}
"""The authors' own rules, by which tables are filled."""
