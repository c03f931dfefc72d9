"""What a sweep is called: after its files, for people, and after its content, which alone tells sweeps apart."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.identity import short_digest
from experiments.study import Study
from experiments.trial import Trial


def sweep_name(studies: Iterable[Study], trials: Iterable[Trial]) -> str:
    """Of studies that run together, such as `combo-table7-demo-5f2c1e0a`; the same trials always give the same name."""
    return f"{file_part(studies)}-{content_part(trials)}"


def file_part(studies: Iterable[Study]) -> str:
    """What files and scales say, such as `combo-table7-demo`; files of one name in different folders say the same."""
    parts = [study.name.replace("/", "-") + (f"-{study.scale}" if study.scale != "full" else "") for study in studies]
    return "+".join(parts)


def content_part(trials: Iterable[Trial]) -> str:
    """Digest of the trials that are asked for, in any order; of their data too, if they are bound to them."""
    return short_digest(sorted({trial.key for trial in trials}))
