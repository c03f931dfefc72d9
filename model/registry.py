"""The models by name: ours, one line each, and those that installed packages bring.

A model of ours is a folder beside this file; `model.interface` says what is in it. A package brings a model by an entry
point of the group `combo.models`, whose name is the model's and which names an `Entry` of the package:

    [project.entry-points."combo.models"]
    toy = "toy_model:ENTRY"

Nothing is imported before it is asked for, so that settings are read without torch, and a package that cannot be used
is in nobody's way but who asks for its model.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """Where a model's parts are, as `module:attribute`."""

    config: str
    """Its class of settings, below `model.config.TrialConfig`; imports no torch."""
    model: str
    """Its `model.interface.Model`."""


class ModelPackage(NamedTuple):
    """The installed package that brings a model."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ModelError(ValueError):
    """There is no such model, or the package that brings it cannot be used."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}, {remedy}")
        self.what, self.remedy = what, remedy


MODELS: dict[str, Entry] = {
    "avsbench": Entry("model.avsbench.config:AVSBenchConfig", "model.avsbench.model:AVSBENCH_MODEL"),
    "combo": Entry("model.combo.config:ComboConfig", "model.combo.model:COMBO_MODEL"),
    "bigen": Entry("model.bigen.config:BigenConfig", "model.bigen.model:BIGEN_MODEL"),
}
UNNAMED = "combo"
"""The model of settings that name none: trials that were stored while there was one model only."""
GROUP = "combo.models"
"""The group of entry points by which packages bring models."""


def model_names() -> list[str]:
    """All models, ours first; also those of packages that cannot be used."""
    return [*MODELS, *sorted(installed_models().keys() - MODELS.keys())]


def model_package(name: str) -> ModelPackage | None:
    """The package that brings a model; None for a model of ours, or none at all."""
    found = () if name in MODELS else installed_models().get(name, ())
    return next(map(_package, found), None)


def load_config_class(name: object) -> Any:
    """The class of a model's settings.

    Raises:
        ModelError: there is no such model, or its package cannot be used.
    """
    return _load(name, _entry(name).config)


def load_model(name: object) -> Any:
    """The `model.interface.Model` of that name.

    Raises:
        ModelError: there is no such model, or its package cannot be used.
    """
    return _load(name, _entry(name).model)


def unusable(name: object, why: str) -> ModelError:
    """What is told of a model that a package brings and that cannot be used.

    Args:
        name: of the model.
        why: such as the error of an import.
    """
    package = model_package(str(name))
    reason = " ".join(why.split())
    return ModelError(f"model '{name}' of {package} cannot be used: {reason}", "mend or remove that package")


@cache
def installed_models() -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points of installed packages by name; several where packages bring models of the same name."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=GROUP):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def _entry(name: object) -> Entry:
    if isinstance(name, str) and name in MODELS:
        return MODELS[name]
    points = installed_models().get(name, ()) if isinstance(name, str) else ()
    if not points:
        known = model_names()
        close = get_close_matches(str(name), known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"use one of {', '.join(known)}"
        raise ModelError(f"there is no model '{name}'", hint)
    packages = {str(_package(point)) for point in points}
    if len(packages) > 1:
        raise ModelError(f"model '{name}' is brought by {_listed(packages)}", "remove all but one of them")
    try:
        entry = points[0].load()
    except Exception as error:  # whatever somebody else's code raises
        raise unusable(name, f"{type(error).__name__}: {error}") from error
    if not isinstance(entry, Entry):
        raise unusable(name, f"{points[0].value} is no model.registry.Entry")
    return entry


def _load(name: object, place: str) -> Any:
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:
        if name in MODELS:
            raise
        raise unusable(name, f"{type(error).__name__}: {error}") from error


def _package(point: EntryPoint) -> ModelPackage:
    distribution = point.dist
    return ModelPackage("?", "?") if distribution is None else ModelPackage(distribution.name, distribution.version)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
