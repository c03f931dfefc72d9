"""From layers of overrides to one configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.overrides import lay_over, settings_of
from experiments.setting_names import unknown_settings
from experiments.validate import validate
from model.config import TrialConfig

Layer = tuple[str, Mapping[str, JsonValue]]
"""Overrides and where they stand."""


def lay_together(layers: Sequence[Layer], asked_by: str, found_before: Sequence[Problem] = ()) -> TrialConfig:
    """The configuration that results from some layers; later ones win.

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
