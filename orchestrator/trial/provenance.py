"""Provenance of stored results: versions, device, protocol."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from experiments.records import ProtocolRecord, ScoreRecord
from model.config import Task
from model.metrics.rules import AUTHORS, Rules
from model.registry import model_package

if TYPE_CHECKING:
    from model.metrics.protocol import Score

TEST_SPLIT = "test"
PACKAGES = ("torch", "timm", "numpy", "ray", "mlflow")
"""Packages whose versions a result records."""


def package_versions(model: str) -> dict[str, str]:
    """Versions of the packages that a result depends on, with the one that brings its model, if one does."""
    brings = model_package(model)
    return _installed_versions() | ({} if brings is None else {brings.name: brings.version})


@cache
def _installed_versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


@cache
def code_version() -> str:
    """Version of this package."""
    return version("combo-lab")


def device_name(device: str) -> str:
    """The model of an accelerator, or `cpu`."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu"


def protocol_record(rules: Rules, split: str) -> ProtocolRecord:
    """The stored form of the rules of a protocol."""
    return ProtocolRecord(**asdict(rules), split=split)


def protocols_of_today() -> dict[Task, ProtocolRecord]:
    """The authors' protocol of each task, as the test split is scored; scores of older versions are stale."""
    return {task: protocol_record(rules, TEST_SPLIT) for task, rules in AUTHORS.items()}


def score_record(score: Score) -> ScoreRecord:
    """The stored form of a score."""
    return ScoreRecord(j_sum=score.j_sum, f_sum=score.f_sum, count=score.count)


def now() -> str:
    """ISO 8601 in UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
