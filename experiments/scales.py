"""Scales that experiments share, in `scales` folders; an experiment's own scale extends one of them."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.errors import InputError, Problem
from experiments.extending import names_in, read_extended
from experiments.papers import SCALES, Paper, folders
from experiments.schema import Experiment, Scale

FULL = "full"
"""The scale that is the file of an experiment or a search itself."""
Parts = tuple[tuple[str, Scale], ...]
"""Scales that are laid over one another, later over earlier ones, each with the place where it stands."""


def shared_scale_names(paper: Paper | None) -> list[str]:
    """Names of the scales that a paper's experiments share."""
    return names_in(folders(SCALES, paper))


def shared_scales(experiment: Experiment, file: str, paper: Paper) -> tuple[dict[str, Parts], list[Problem]]:
    """The shared scales that each scale of an experiment extends, by its name, and the problems found in them.

    Args:
        experiment: whose scales.
        file: that it stands in, for messages.
        paper: whose it is.
    """
    found: dict[str, Parts] = {}
    problems: list[Problem] = []
    for name, scale in experiment.scales.items():
        if scale.extends is not None:
            try:
                asked_by = f"{file}: scales.{name}.extends"
                found[name] = read_extended(Scale, folders(SCALES, paper), scale.extends, asked_by)
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
