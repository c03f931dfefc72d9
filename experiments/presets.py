"""Presets, in `presets` folders: the named starting points of trials, and what is laid over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from experiments.errors import InputError, Problem
from experiments.extending import names_in, read_extended
from experiments.overrides import MODEL_NAME, settings_of
from experiments.papers import PRESETS, Paper, folders
from experiments.resolve import Layer, lay_together
from experiments.schema import Cost, Preset
from experiments.setting_names import model_name
from model.config import Task, TrialConfig, usable_models
from model.registry import UNNAMED


@dataclass(frozen=True)
class LoadedPreset:
    """A preset with those that it extends; one without parts stands for a preset that could not be loaded."""

    parts: tuple[tuple[str, Preset], ...] = ()
    """Each file as messages call it and what it says; later ones are laid over earlier ones."""

    @property
    def file(self) -> str:
        """The preset's own file, as messages call it."""
        return self.parts[-1][0]

    @property
    def title(self) -> str:
        """What the preset is, in a line."""
        return self.parts[-1][1].title

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


def preset_names(paper: Paper | None = None) -> list[str]:
    """Names of the presets that ship, and of those of a paper."""
    return names_in(folders(PRESETS, paper))


def load_preset(name: str, asked_by: str, paper: Paper | None = None) -> LoadedPreset:
    """The preset with those that it extends.

    Args:
        name: of the preset.
        asked_by: where the name stands, for messages.
        paper: whose own presets it may be, beside those that ship.

    Raises:
        InputError: there is no such preset, a file has mistakes, or presets extend one another in a circle.
    """
    return LoadedPreset(read_extended(Preset, folders(PRESETS, paper), name, asked_by))


@dataclass(frozen=True)
class Asking:
    """What wants a configuration: an experiment's variant, a search, or the command line."""

    name: str
    """For messages, such as `own.yaml: variant 'one'`."""
    task: Task
    task_place: str
    """Where the task is said, such as `own.yaml: tasks`."""
    given_elsewhere: Mapping[str, str]
    """By key, what to do instead of overriding it."""
    kind: str = ""
    """For messages, such as `an experiment`."""
    paper: Paper | None = None
    """The paper whose own presets are known beside those that ship."""


def lay_over_preset(preset: LoadedPreset, layers: Sequence[Layer], asking: Asking, seed: int = 0) -> TrialConfig:
    """The configuration that results when some layers are laid over a preset.

    Args:
        preset: one without parts has been told to be missing already; the layers are then read as the model's that they
            fit best.
        layers: later ones win.
        asking: what wants the configuration.
        seed: random seed of the trial.

    Raises:
        InputError: with the mistakes of all layers, each told with the layer that it stands in.
    """
    found = list(_misplaced(layers, asking))
    own = [(place, {key: said[key] for key in said if key not in asking.given_elsewhere}) for place, said in layers]
    fixed = (asking.name, {"data.task": asking.task, "seed": seed})
    if not preset.parts:
        return _of_any_model([fixed, *own], asking, found)
    settings = settings_of((part.base for _, part in preset.parts), preset.file)
    if others := list(_other_models(own, preset, settings, asking.paper)):
        raise InputError(*found, *others)
    if asking.task not in settings.TASKS:
        what = f"{model_name(settings)} is not made for {asking.task}"
        remedy = f"use {' or '.join(settings.TASKS)}, or a preset of another model"
        found.append(Problem(asking.task_place, what, remedy))
        fixed[1]["data.task"] = settings.TASKS[0]  # so that what else is wrong is told as well
    return lay_together([fixed, *preset.layers(asking.task), *own], asking.name, found)


def resolve_preset(
    name: str, task: Task, assigned: Mapping[str, JsonValue] | None = None, paper: Paper | None = None
) -> TrialConfig:
    """The configuration of a preset on one task, outside any experiment; see `load_preset`.

    Raises:
        InputError: as for `load_preset`, or settings cannot have their values.
    """
    preset = load_preset(name, "--preset", paper)
    elsewhere = dict.fromkeys(("task", "tasks", "data.task"), "say --task")
    asking = Asking(preset.file, task, f"--task {task}", elsewhere | {"preset": "say --preset"}, "a preset", paper)
    return lay_over_preset(preset, [("command line", assigned or {})], asking)


def _misplaced(layers: Sequence[Layer], asking: Asking) -> Iterator[Problem]:
    """Overrides of what is decided elsewhere."""
    for place, overrides in layers:
        for key, remedy in asking.given_elsewhere.items():
            if key in overrides:
                yield Problem(f"{place}: {key}", f"cannot be overridden in {asking.kind}", remedy)


def _other_models(
    layers: Sequence[Layer], preset: LoadedPreset, settings: type[TrialConfig], paper: Paper | None
) -> Iterator[Problem]:
    """Overrides of the model itself: every other setting of the preset would be one of another model."""
    own = model_name(settings)
    for place, overrides in layers:
        if MODEL_NAME in overrides and (asked := model_name(settings_of([overrides], place))) != own:
            what = f"is {asked}, but {preset.file} is a preset of {own}"
            remedy = f"choose a preset of {asked}: {', '.join(_presets_of(asked, paper))}"
            yield Problem(f"{place}: {MODEL_NAME}", what, remedy)


def _presets_of(model: str, paper: Paper | None) -> list[str]:
    """Names of a model's presets."""
    loaded = {name: load_preset(name, name, paper) for name in preset_names(paper)}
    parts = {name: [part.base for _, part in preset.parts] for name, preset in loaded.items()}
    return [name for name, bases in parts.items() if model_name(settings_of(bases, name)) == model]


def _of_any_model(layers: Sequence[Layer], asking: Asking, found: Sequence[Problem]) -> TrialConfig:
    """The configuration of the model that fits best; on a draw it is that of settings which name none."""
    refusals: list[InputError] = []
    for name in sorted(usable_models(), key=lambda name: name != UNNAMED):
        try:
            return lay_together([(asking.name, {MODEL_NAME: name}), *layers], asking.name, found)
        except InputError as error:
            refusals.append(error)
    raise min(refusals, key=lambda refusal: len(refusal.problems))
