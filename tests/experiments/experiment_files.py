"""An experiment file as a mapping that tests change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.scales import FULL
from experiments.trial import Trial


def experiment(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Own settings",
        "paper": "combo",
        "preset": "combo_r50",
        "tasks": ["s4"],
        "variants": [{"name": "one", "label": "1"}, {"name": "two", "label": "2"}],
        "scales": {"small": {"overrides": {}}},
        "table": {"number": "1", "caption": "An answer", "row_header": "variant"},
        **changes,
    }


def trials_of(
    folder: Path, content: Mapping[str, Any], scale: str = FULL, assigned: Mapping[str, JsonValue] | None = None
) -> list[Trial]:
    """Writes the mapping as YAML, of which JSON is a part, and expands it."""
    path = folder / "own.yaml"
    path.write_text(json.dumps(content))
    return expand(load_experiment(str(path), scale, assigned))


def problems_of(folder: Path, content: Mapping[str, Any], **options: Any) -> Sequence[str]:
    """What is said about a mapping that must be refused, without the folder's name."""
    with pytest.raises(InputError) as refusal:
        trials_of(folder, content, **options)
    return [str(problem).replace(f"{folder}/", "") for problem in refusal.value.problems]
