"""Which settings a model's trials have, and what is told of a key that names none of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from functools import cache

from pydantic import BaseModel, JsonValue

from experiments.errors import Problem, did_you_mean
from model.config import TrialConfig, config_class, usable_models

NEARLY = 0.7
"""How similar keys of two models are, from 0 to 1, when one is told in place of the other."""


def unknown_settings(
    overrides: Mapping[str, JsonValue], source: str, settings: type[TrialConfig]
) -> dict[str, Problem]:
    """The keys that name no setting of a trial, and what is wrong with each.

    Args:
        overrides: by dotted key.
        source: where they stand.
        settings: of the model that is trained.
    """
    return {key: problem for key in overrides if (problem := _unknown(key, source, settings))}


def model_name(settings: type[TrialConfig]) -> str:
    """The model whose settings these are, by its name in `model.registry`."""
    name: str = settings.model_fields["model"].default.name
    return name


def _unknown(key: str, source: str, settings: type[TrialConfig]) -> Problem | None:
    where = f"{source}: {key}"
    current: type[BaseModel] | None = settings
    within: list[str] = []
    for part in key.split("."):
        if current is None or part not in current.model_fields:
            known = list(current.model_fields) if current else []
            return _foreign(key, where, settings) or _misspelt(key, where, settings, within, known)
        current = _section(current, part)
        within.append(part)
    if current is not None:
        return Problem(where, "is a section, not a setting", "name one of its settings")
    return None


def _foreign(key: str, where: str, settings: type[TrialConfig]) -> Problem | None:
    """What is told of a setting that only other models have; None if none has it."""
    own = model_name(settings)
    owners = [name for name in usable_models() if name != own and key in _keys(config_class(name))]
    if not owners:
        return None
    near = get_close_matches(key, _keys(settings), n=3, cutoff=NEARLY) or _in_its_section(key, settings)
    return Problem(where, f"is a setting of {' and '.join(owners)}, not of {own}", f"{own} has {', '.join(near)}")


def _misspelt(key: str, where: str, settings: type[TrialConfig], within: list[str], known: list[str]) -> Problem:
    """What is told of a key that no model has: the nearest one, which may be another model's."""
    own = model_name(settings)
    what = f"'{key.split('.')[len(within)]}' is not a setting of {own} trials"
    if not known:
        return Problem(where, what, "this setting has no parts")
    for name in usable_models():
        meant = _nearest(key, _keys(config_class(name)))
        if name != own and meant and _likeness(key, meant) > _likeness(key, _nearest(key, _keys(settings))):
            foreign = _foreign(meant, where, settings)
            if foreign is not None:
                return Problem(where, f"{what}, {meant} {foreign.what}", foreign.remedy)
    return Problem(where, what, did_you_mean(key.split(".")[len(within)], known))


def _nearest(key: str, known: tuple[str, ...]) -> str:
    """The most similar key; empty where none is alike."""
    return next(iter(get_close_matches(key, known, n=1, cutoff=NEARLY)), "")


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _in_its_section(key: str, settings: type[TrialConfig]) -> list[str]:
    """What the innermost section that a key shares with a model holds, by dotted key."""
    current: type[BaseModel] = settings
    prefix = ""
    for part in key.split("."):
        inner = _section(current, part) if part in current.model_fields else None
        if inner is None:
            break
        current, prefix = inner, f"{prefix}{part}."
    return [prefix + name for name in current.model_fields]


@cache
def _keys(settings: type[BaseModel]) -> tuple[str, ...]:
    """All settings by dotted key."""
    return tuple(_leaves(settings))


def _leaves(settings: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name in settings.model_fields:
        section = _section(settings, name)
        if section is None:
            yield prefix + name
        else:
            yield from _leaves(section, f"{prefix}{name}.")


def _section(settings: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The settings below a field; None where it is a setting itself."""
    annotation = settings.model_fields[name].annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
