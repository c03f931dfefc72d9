"""Names of sweeps: files and scales for people, and a digest of the trials, which makes the name unique."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.identity import short_digest
from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial

SWEEP_TAG = "combo.sweep"
"""The name of a sweep, as a tag of its MLflow run and in the metadata of its Ray job."""


def sweep_name(experiments: Iterable[ScaledExperiment], trials: Iterable[Trial]) -> str:
    """Name for experiments that run together, such as `combo-table7-demo-5f2c1e0a`; equal trials give equal names."""
    return f"{file_part(experiments)}-{content_part(trials)}"


def file_part(experiments: Iterable[ScaledExperiment]) -> str:
    """Files and scales, such as `combo-table7-demo`; the folders of files are not part of it."""
    parts = [
        scaled.name.replace("/", "-") + (f"-{scaled.scale}" if scaled.scale != "full" else "") for scaled in experiments
    ]
    return "+".join(parts)


def content_part(trials: Iterable[Trial]) -> str:
    """Digest of the trials that are asked for, in any order; of their data too, if they are bound to them."""
    return short_digest(sorted({trial.key for trial in trials}))
