"""What stored results say of how they came about."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version

from experiments.records import ProtocolRecord, ScoreRecord
from model.metrics.protocol import Protocol, Score

TEST_SPLIT = "test"
PACKAGES = ("torch", "timm", "numpy", "ray", "mlflow")
"""Whose versions a result records."""


@cache
def package_versions() -> dict[str, str]:
    """Versions of the packages that a result depends on."""
    return {name: version(name) for name in PACKAGES}


@cache
def code_version() -> str:
    """Version of this package."""
    return version("combo-lab")


def device_name(device: str) -> str:
    """The model of an accelerator, or `cpu`."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu"


def protocol_record(protocol: Protocol, split: str) -> ProtocolRecord:
    """The stored form of a protocol."""
    return ProtocolRecord(
        name=protocol.name,
        version=protocol.version,
        split=split,
        f_pooling=protocol.f_pooling,
        thresholds=protocol.thresholds,
        beta_squared=protocol.beta_squared,
        empty_mask_rule=protocol.empty_mask_rule,
    )


def score_record(score: Score) -> ScoreRecord:
    """The stored form of a score."""
    return ScoreRecord(j_sum=score.j_sum, f_sum=score.f_sum, count=score.count)


def now() -> str:
    """ISO 8601 in UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
