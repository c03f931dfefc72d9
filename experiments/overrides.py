"""Dotted settings laid over one another, and the `key=value` form of the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.setting_names import unknown_settings
from experiments.yaml_files import parse_yaml
from model.config import TrialConfig, trial_config_class
from model.registry import ModelError

MODEL_NAME = "model.name"


def lay_over(base: dict[str, Any], overrides: Mapping[str, JsonValue], source: str) -> dict[str, Any]:
    """A copy of nested `base` with each dotted key set.

    The result's own `model.name` says which settings there are.

    Raises:
        InputError: a key names no setting of a trial; all such keys at once. `source` names where they stand.
    """
    if problems := unknown_settings(overrides, source, settings_of([base, overrides], source)):
        raise InputError(*problems.values())
    result = _copy(base)
    for key, value in overrides.items():
        *sections, last = key.split(".")
        target = result
        for section in sections:
            target = target.setdefault(section, {})
        target[last] = value
    return result


def settings_of(layers: Iterable[Mapping[str, Any]], source: str) -> type[TrialConfig]:
    """The settings of the model that layers ask for; the last one that names a model wins.

    Args:
        layers: nested settings, or overrides by dotted key.
        source: what has them, for messages.

    Raises:
        InputError: there is no such model.
    """
    named = [name for layer in layers for name in _named_models(layer)]
    try:
        return trial_config_class({"model": {"name": named[-1]}} if named else {})
    except ModelError as error:
        raise InputError(Problem(f"{source}: {MODEL_NAME}", error.what, error.remedy)) from None


def parse_assignments(assignments: Iterable[str]) -> dict[str, JsonValue]:
    """Reads `key.path=value` words of a command line; values are YAML 1.2 scalars or lists.

    Raises:
        InputError: a word has no `=`, or its value is not YAML.
    """
    parsed: dict[str, JsonValue] = {}
    for word in assignments:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(Problem(f"'{word}'", "is not an override", "write key.path=value, as optim.lr=0.001"))
        parsed[key] = parse_yaml(value, f"'{word}'")
    return parsed


def names_and_assignments(words: Iterable[str]) -> tuple[list[str], dict[str, JsonValue]]:
    """The words of a command line that name something, and the settings that are laid over it.

    Raises:
        InputError: see `parse_assignments`.
    """
    given = list(words)
    return [word for word in given if "=" not in word], parse_assignments(word for word in given if "=" in word)


def assignment_words(assigned: Mapping[str, JsonValue]) -> list[str]:
    """What to type on a command line for these settings; `parse_assignments` reads it."""
    return [f"{key}={json.dumps(value)}" for key, value in assigned.items()]


def _named_models(layer: Mapping[str, Any]) -> Iterator[Any]:
    section = layer.get("model")
    if isinstance(section, Mapping) and "name" in section:
        yield section["name"]
    if MODEL_NAME in layer:
        yield layer[MODEL_NAME]


def _copy(nested: dict[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, dict) else value for key, value in nested.items()}
