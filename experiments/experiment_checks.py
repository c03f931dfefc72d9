"""What must hold between the parts of an experiment file, all of it told at once."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.errors import Problem
from experiments.papers import Paper
from experiments.presets import preset_names
from experiments.schema import Experiment


def experiment_problems(experiment: Experiment, file: str, paper: Paper | None) -> Iterator[Problem]:
    """Parts that contradict each other.

    Args:
        experiment: each part of which is valid.
        file: that it stands in, for messages.
        paper: whose it is, if that is known.
    """
    for key, what in (
        *_about_names(experiment),
        *_about_presets(experiment, paper),
        *_about_starts(experiment),
    ):
        yield Problem(f"{file}: {key}", what)


def _about_names(experiment: Experiment) -> Iterator[tuple[str, str]]:
    names = [variant.name for variant in experiment.variants]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield "variants", f"two variants have the same name, '{name}'"
    for scale, settings in experiment.scales.items():
        for name in sorted(settings.workers.keys() - set(names)):
            yield f"scales.{scale}.workers", f"names no variant: '{name}'"
    baseline = experiment.statistics.baseline
    if baseline is not None and baseline not in names:
        yield "statistics.baseline", f"names no variant: '{baseline}'"


def _about_presets(experiment: Experiment, paper: Paper | None) -> Iterator[tuple[str, str]]:
    presets = {experiment.preset, *(one.preset for one in experiment.variants if one.preset is not None)}
    if presets <= set(preset_names(paper)):  # else a misspelt preset is what is wrong, which is told of itself
        for scale, settings in experiment.scales.items():
            for name in sorted(settings.presets.keys() - presets):
                yield f"scales.{scale}.presets", f"replaces a preset that no variant has: '{name}'"


def _about_starts(experiment: Experiment) -> Iterator[tuple[str, str]]:
    also = experiment.also_from
    for place, variant in enumerate(experiment.variants):
        if variant.starts_from.keys() & {*variant.starts_from.values(), *also.values()}:
            yield f"variants.{place}.starts_from", "names a task that itself starts from another"
    if also.keys() & set(also.values()):
        yield "also_from", "names a task that itself starts from another"
