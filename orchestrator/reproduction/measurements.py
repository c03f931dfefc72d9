"""What a trial measured in training, by step: as training tells it, and as storage has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.trial_files import before_attempt
from orchestrator.store.trial_folder import TrialFolder
from orchestrator.store.trial_lines import read_metrics

Values = Mapping[str, float]


@dataclass
class Measurements:
    """Values by optimiser step, as `orchestrator.trial.measured_values` names them."""

    steps: dict[int, Values] = field(default_factory=dict)
    validations: dict[int, Values] = field(default_factory=dict)


def stored_measurements(folder: TrialFolder) -> Measurements:
    """What a trial's attempts logged; steps that a later attempt repeated are that one's.

    Args:
        folder: with its metrics fetched.
    """
    found = Measurements()
    for path in folder.metrics_files:
        lines = list(read_metrics([path]))
        steps = {line.step: line.values for line in lines if line.kind == "step"}
        validations = {line.step: line.values for line in lines if line.kind == "evaluation"}
        found.steps = before_attempt(found.steps, lines) | steps
        found.validations = before_attempt(found.validations, lines) | validations
    return found
