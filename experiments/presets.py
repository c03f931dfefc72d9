"""Presets, `experiments/presets/*.yaml`: the named starting points of trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from experiments.extending import names_in, read_extended
from experiments.resolve import Layer, lay_together
from experiments.schema import Cost, Preset
from experiments.target_files import ROOT
from model.config import Task, TrialConfig

FOLDER = ROOT / "presets"


@dataclass(frozen=True)
class LoadedPreset:
    """A preset with those that it extends; one without parts stands for a preset that could not be loaded."""

    parts: tuple[tuple[str, Preset], ...] = ()
    """Each file as messages call it and what it says; later ones are laid over earlier ones."""

    def layers(self, task: Task) -> list[Layer]:
        """Overrides in the order in which they are laid: for each part, those of all tasks, then those of one."""
        return [
            layer
            for file, part in self.parts
            for layer in ((f"{file}: base", part.base), (f"{file}: tasks.{task}", part.tasks.get(task, {})))
        ]

    def cost(self, task: Task) -> Cost | None:
        """Time and memory of a trial on a task: of the last part that states them; None if none does."""
        return next((part.costs[task] for _, part in reversed(self.parts) if task in part.costs), None)


def preset_names() -> list[str]:
    """Names of all presets."""
    return names_in(FOLDER)


def load_preset(name: str, asked_by: str) -> LoadedPreset:
    """The preset with those that it extends.

    Args:
        name: of the preset.
        asked_by: where the name stands, for messages.

    Raises:
        InputError: there is no such preset, a file has mistakes, or presets extend one another in a circle.
    """
    return LoadedPreset(read_extended(Preset, FOLDER, name, asked_by))


def resolve_preset(name: str, task: Task, assigned: Mapping[str, JsonValue] | None = None) -> TrialConfig:
    """The configuration of a preset on one task, outside any experiment.

    Raises:
        InputError: as for `load_preset`, or settings cannot have their values.
    """
    preset = load_preset(name, "--preset")
    file, _ = preset.parts[-1]
    return lay_together([*preset.layers(task), ("command line", {**(assigned or {}), "data.task": task})], file)
