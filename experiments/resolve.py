"""From a preset and layers of overrides to one configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from experiments.errors import InputError, Problem, did_you_mean, validate
from experiments.overrides import lay_over, settings_of, unknown_settings
from experiments.question_files import ROOT, shown
from experiments.schema import Preset
from experiments.yaml_files import read_yaml
from model.config import Task, TrialConfig

Layer = tuple[str, Mapping[str, JsonValue]]
"""Overrides and where they stand."""


def preset_names() -> list[str]:
    """Names of all presets."""
    return sorted(preset.stem for preset in (ROOT / "presets").glob("*.yaml"))


def load_preset(name: str, asked_by: str) -> tuple[Preset, str]:
    """The preset and its file as messages call it.

    Raises:
        InputError: there is no such preset, which is told of `asked_by`, or its file has mistakes.
    """
    path = ROOT / "presets" / f"{name}.yaml"
    if not path.is_file():
        raise InputError(Problem(asked_by, f"names no preset: '{name}'", did_you_mean(name, preset_names())))
    return _read_preset(path), shown(path)


@cache
def _read_preset(path: Path) -> Preset:
    """Once, as most experiments start from the same few."""
    file = shown(path)
    return validate(Preset, read_yaml(path, file), file)


def preset_layers(preset: Preset, file: str, task: Task) -> list[Layer]:
    """What the preset says of all tasks, then of one."""
    return [(f"{file}: base", preset.base), (f"{file}: tasks.{task}", preset.tasks.get(task, {}))]


def lay_together(layers: Sequence[Layer], asked_by: str, found_before: Sequence[Problem] = ()) -> TrialConfig:
    """Later layers win.

    Args:
        layers: the first ones lie below.
        asked_by: what wants the configuration, for messages.
        found_before: problems of the layers, to be told with the others.

    Raises:
        InputError: with the mistakes of all layers, each told with the layer that it stands in.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems = list(found_before)
    settings = settings_of((overrides for _, overrides in layers), asked_by)
    for source, overrides in layers:
        unknown = unknown_settings(overrides, source, settings)
        problems += unknown.values()
        known = {key: value for key, value in overrides.items() if key not in unknown}
        values = lay_over(values, known, source)
        origins = {key: value for key, value in origins.items() if key not in known} | dict.fromkeys(known, source)
    try:
        config = validate(settings, values, asked_by, origins)
    except InputError as error:
        raise InputError(*problems, *error.problems) from None
    if problems:
        raise InputError(*problems)
    return config


def resolve_preset(name: str, task: Task, assigned: Mapping[str, JsonValue] | None = None) -> TrialConfig:
    """The configuration of a preset on one task, outside any experiment."""
    preset, file = load_preset(name, "--preset")
    layers = [*preset_layers(preset, file, task), ("command line", {**(assigned or {}), "data.task": task})]
    return lay_together(layers, file)


def misplaced(layers: Sequence[Layer], given_elsewhere: Mapping[str, str], question: str) -> list[Problem]:
    """Overrides of settings that a question decides itself.

    Args:
        layers: the question's own.
        given_elsewhere: by setting, where it is said instead.
        question: what has the layers, such as `an experiment`.
    """
    return [
        Problem(f"{source}: {key}", f"cannot be overridden in {question}", remedy)
        for source, overrides in layers
        for key, remedy in given_elsewhere.items()
        if key in overrides
    ]
