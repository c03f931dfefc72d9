"""Scales that experiments share, `experiments/scales/*.yaml`; an experiment's own scale extends one of them."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.errors import InputError, Problem
from experiments.extending import names_in, read_extended
from experiments.schema import Experiment, Scale
from experiments.target_files import ROOT

FOLDER = ROOT / "scales"
Parts = tuple[tuple[str, Scale], ...]
"""Scales that are laid over one another, later over earlier ones, each with the place where it stands."""


def shared_scale_names() -> list[str]:
    """Names of the scales that experiments share."""
    return names_in(FOLDER)


def shared_scales(experiment: Experiment, file: str) -> tuple[dict[str, Parts], list[Problem]]:
    """The shared scales that each scale of an experiment extends, by its name, and the problems found in them.

    Args:
        experiment: whose scales.
        file: that it stands in, for messages.
    """
    found: dict[str, Parts] = {}
    problems: list[Problem] = []
    for name, scale in experiment.scales.items():
        if scale.extends is not None:
            try:
                found[name] = read_extended(Scale, FOLDER, scale.extends, f"{file}: scales.{name}.extends")
            except InputError as error:
                problems += error.problems
    return found, problems


def combined(parts: Iterable[tuple[str, Scale]]) -> Scale:
    """One scale with the settings of all parts; later parts win."""
    whole = Scale()
    for _, part in parts:
        said = {key: getattr(part, key) for key in part.model_fields_set}
        said |= {
            "presets": {**whole.presets, **part.presets},
            "overrides": {**whole.overrides, **part.overrides},
            "workers": {**whole.workers, **part.workers},
        }
        whole = whole.model_copy(update=said)
    return whole
