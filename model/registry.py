"""The models by name, one line each. A model is a folder beside this file; `model.interface` says what is in it.

Nothing is imported before it is asked for, so that settings are read without torch.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """Where a model's parts are, as `module:attribute`."""

    config: str
    """Its class of settings, below `model.config.TrialConfig`; imports no torch."""
    model: str
    """Its `model.interface.Model`."""


MODELS: dict[str, Entry] = {
    "avsbench": Entry("model.avsbench.config:AVSBenchConfig", "model.avsbench.model:AVSBENCH_MODEL"),
    "combo": Entry("model.combo.config:ComboConfig", "model.combo.model:COMBO_MODEL"),
    "bigen": Entry("model.bigen.config:BigenConfig", "model.bigen.model:BIGEN_MODEL"),
}
UNNAMED = "combo"
"""The model of settings that name none: trials that were stored while there was one model only."""


def load_config_class(name: object) -> Any:
    """The class of a model's settings.

    Raises:
        ValueError: there is no such model.
    """
    return _load(_entry(name).config)


def load_model(name: object) -> Any:
    """The `model.interface.Model` of that name.

    Raises:
        ValueError: there is no such model.
    """
    return _load(_entry(name).model)


def _entry(name: object) -> Entry:
    if isinstance(name, str) and name in MODELS:
        return MODELS[name]
    close = get_close_matches(str(name), MODELS, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"use one of {', '.join(MODELS)}"
    raise ValueError(f"there is no model '{name}', {hint}")


def _load(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
