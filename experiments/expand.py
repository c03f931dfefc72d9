"""From an experiment file to resolved trials: variants x tasks x seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from experiments.errors import InputError, Problem, did_you_mean, validate
from experiments.identity import trial_key
from experiments.overrides import lay_over
from experiments.schema import Experiment, Preset, Scale, Variant
from experiments.yaml_files import read_yaml
from model.config import Task, TrialConfig

ROOT = Path(__file__).parent
FULL = "full"
"""The scale that is the experiment file itself."""


@dataclass(frozen=True)
class Study:
    """An experiment at one scale: what the files say, before it becomes trials."""

    name: str
    """Path of the experiment file below `experiments/`, without its ending, such as `combo/table7`."""
    scale: str
    experiment: Experiment
    preset: Preset
    assigned: Mapping[str, JsonValue]
    """Overrides from the command line, laid over everything else."""

    @property
    def settings(self) -> Scale:
        """The scale's own settings; empty for `full`."""
        return self.experiment.scales.get(self.scale, Scale())

    @property
    def tasks(self) -> list[Task]:
        """Tasks that this scale trains; the table keeps the columns of all the experiment's tasks."""
        return self.settings.tasks or self.experiment.tasks

    @property
    def seeds(self) -> list[int]:
        """Seeds that each cell is trained with."""
        return self.settings.seeds or self.experiment.seeds


@dataclass(frozen=True)
class Trial:
    """One resolved trial and its place in the experiment."""

    study: str
    variant: str
    task: Task
    seed: int
    workers: int
    config: TrialConfig

    @property
    def key(self) -> str:
        """The trial key."""
        return trial_key(self.config)

    @property
    def label(self) -> str:
        """Short form for people, such as `lambda-10 s4 seed 0`."""
        return f"{self.variant} {self.task} seed {self.seed}"

    def on_data(self, fingerprint: str) -> Trial:
        """The same trial bound to the content of a data set."""
        data = self.config.data.model_copy(update={"fingerprint": fingerprint})
        return replace(self, config=self.config.model_copy(update={"data": data}))


def experiment_names() -> list[str]:
    """Names of all experiments that ship with the package."""
    folders = [folder for folder in ROOT.iterdir() if folder.is_dir() and folder.name not in ("presets", "reported")]
    return sorted(str(path.relative_to(ROOT).with_suffix("")) for folder in folders for path in folder.glob("*.yaml"))


def load_study(name: str, scale: str = FULL, assigned: Mapping[str, JsonValue] | None = None) -> Study:
    """Loads an experiment by name (`combo/table7`) or by the path of a YAML file.

    Raises:
        InputError: no such experiment, scale or preset, or mistakes in the files.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else ROOT / f"{name}.yaml"
    if not path.is_file() or (path.parent == ROOT / "presets"):
        remedy = did_you_mean(name, experiment_names())
        raise InputError(Problem(name, "no such experiment", remedy))
    file = str(path) if path.is_absolute() is False else _shown(path)
    experiment = validate(Experiment, read_yaml(path, file), file)
    if scale != FULL and scale not in experiment.scales:
        raise InputError(Problem(file, f"has no scale '{scale}'", did_you_mean(scale, [FULL, *experiment.scales])))
    preset_name = experiment.scales.get(scale, Scale()).preset or experiment.preset
    study_name = str(path.relative_to(ROOT).with_suffix("")) if path.is_relative_to(ROOT) else path.stem
    return Study(study_name, scale, experiment, _load_preset(preset_name, file), dict(assigned or {}))


def expand(study: Study) -> list[Trial]:
    """All trials of a study, in the order of its rows; the data fingerprint is still empty.

    Raises:
        InputError: an override names no setting or gives it a value it cannot have.
    """
    return [
        Trial(
            study=study.name,
            variant=variant.name,
            task=task,
            seed=seed,
            workers=study.settings.workers.get(variant.name, 1),
            config=_resolve(study, variant, task, seed),
        )
        for variant in study.experiment.variants
        for task in study.tasks
        for seed in study.seeds
    ]


def resolve_preset(name: str, task: Task, assigned: Mapping[str, JsonValue] | None = None) -> TrialConfig:
    """The configuration of a preset on one task, outside any experiment."""
    preset = _load_preset(name, "--preset")
    values = lay_over({}, preset.base, f"presets/{name}.yaml: base")
    values = lay_over(values, preset.tasks.get(task, {}), f"presets/{name}.yaml: tasks.{task}")
    values = lay_over(values, {**(assigned or {}), "data.task": task}, "command line")
    return validate(TrialConfig, values, name)


def _resolve(study: Study, variant: Variant, task: Task, seed: int) -> TrialConfig:
    name, settings = study.name, study.settings
    layers: list[tuple[str, Mapping[str, JsonValue]]] = [
        ("preset: base", study.preset.base),
        (f"preset: tasks.{task}", study.preset.tasks.get(task, {})),
        (f"{name}: overrides", study.experiment.overrides),
        (f"{name}: variant '{variant.name}'", variant.overrides),
        (f"{name}: scales.{study.scale}", settings.overrides),
        ("command line", study.assigned),
    ]
    values: dict[str, Any] = {}
    for source, overrides in layers:
        values = lay_over(values, overrides, source)
    values = lay_over(values, {"data.task": task, "seed": seed}, name)
    return validate(TrialConfig, values, f"{name} ({variant.name}, {task})")


def _load_preset(name: str, asked_by: str) -> Preset:
    path = ROOT / "presets" / f"{name}.yaml"
    if not path.is_file():
        known = [preset.stem for preset in (ROOT / "presets").glob("*.yaml")]
        raise InputError(Problem(asked_by, f"names no preset: '{name}'", did_you_mean(name, known)))
    return validate(Preset, read_yaml(path, _shown(path)), _shown(path))


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT.parent)) if path.is_relative_to(ROOT.parent) else str(path)
