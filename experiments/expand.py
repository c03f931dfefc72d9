"""From an experiment file to resolved trials: variants x tasks x seeds."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TypeAlias

from pydantic import JsonValue

from experiments.errors import InputError, Problem, did_you_mean, validate, validate_in_part
from experiments.experiment_checks import experiment_problems
from experiments.identity import trial_key
from experiments.overrides import assignment_words
from experiments.question_files import experiment_names, read_question
from experiments.resolve import Layer, lay_together, load_preset, misplaced, preset_layers
from experiments.schema import Cost, Experiment, Part, Preset, Scale, Seeds, Variant
from model.config import Task, TrialConfig

FULL = "full"
"""The scale that is the experiment file itself."""
SEEDS = "seeds"
"""What the command line calls the seeds, beside the settings of a trial, as `seeds=[0,1,2]`."""
ANY_SEED = 0
"""Of trials that are not given their own seed yet."""
MOST_TRIALS = 10_000
"""Of one study; a few lines of a file could ask for billions."""
TABLE_NAME = re.compile(r"[a-z-]+/(?:[0-9]+|[IVX]+)")
GIVEN_ELSEWHERE = {
    "seed": "list it under seeds",
    "data.task": "list it under tasks",
    "data.fingerprint": "it is computed from the data folder",
    "initial_trial": "say starts_from in the variant",
}
"""Settings that an experiment's overrides cannot change, and what to do instead."""
Fingerprint: TypeAlias = Callable[[Task, str, int], str]
"""Digest of the data of a task, with one proposer's Maskiges, that are read as pictures of so many pixels a side."""


class _Seeds(Part):
    seeds: Seeds


@dataclass(frozen=True)
class Study:
    """An experiment at one scale: what the files say, before it becomes trials."""

    name: str
    """Path of the experiment file below `experiments/`, without its ending, such as `combo/table7`."""
    file: str
    """The experiment file as messages call it."""
    scale: str
    experiment: Experiment
    presets: Mapping[str, tuple[Preset, str]]
    """Presets by the name that the experiment uses, with their files as messages call them."""
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
        """Seeds that each cell is trained with.

        Raises:
            InputError: the command line gives something else than a list of seeds.
        """
        if SEEDS in self.assigned:
            return validate(_Seeds, {SEEDS: self.assigned[SEEDS]}, "command line").seeds
        return self.settings.seeds or self.experiment.seeds

    @property
    def is_trained(self) -> bool:
        """Whether it has trials at all; else its table shows what the paper reports and nothing else."""
        return self.experiment.preset is not None

    def starts(self, variant: Variant, task: Task) -> list[Task | None]:
        """Where a variant's trials on a task start from: another task's best weights, or None for the preset's own."""
        also = self.experiment.also_from.get(task)
        return [variant.starts_from.get(task), *([also] if also is not None else [])]

    def command(self, verb: str) -> str:
        """What to type for a verb on this study, such as `combo run combo/table7 --scale small`."""
        scale = [] if self.scale == FULL else ["--scale", self.scale]
        return shlex.join(["combo", verb, self.name, *scale, *assignment_words(self.assigned)])


@dataclass(frozen=True)
class Trial:
    """One resolved trial and its place in the experiment."""

    study: str
    variant: str
    task: Task
    seed: int
    workers: int
    config: TrialConfig
    source: Trial | None = None
    """The trial whose best weights this one starts from."""
    in_own_column: bool = False
    """Whether it stands apart from the variant's other trials on the task, because of where it starts from."""
    cost: Cost | None = None
    """As the preset states it."""

    @cached_property
    def key(self) -> str:
        """The trial key."""
        return trial_key(self.config)

    @property
    def start(self) -> Task | None:
        """The task that its column names as the start."""
        return self.source.task if self.source is not None and self.in_own_column else None

    @property
    def label(self) -> str:
        """Short form for people, such as `lambda-10 s4 seed 0`."""
        start = f" from {self.start}" if self.start else ""
        return f"{self.variant} {self.task}{start} seed {self.seed}"

    def on_data(self, fingerprint: str) -> Trial:
        """The same trial bound to the content of a data set."""
        data = self.config.data.model_copy(update={"fingerprint": fingerprint})
        return replace(self, config=self.config.model_copy(update={"data": data}))

    def with_seed(self, seed: int) -> Trial:
        """The same trial with another seed; the one that it starts from has the same."""
        own = replace(self, seed=seed, config=self.config.model_copy(update={"seed": seed}))
        return own if self.source is None else own.starting_from(self.source.with_seed(seed))

    def starting_from(self, source: Trial) -> Trial:
        """The same trial with another one's best weights to start from."""
        return replace(self, source=source, config=self.config.model_copy(update={"initial_trial": source.key}))


def experiment_of_table(table: str) -> str:
    """Name of the experiment behind a table such as `combo/3`.

    Raises:
        InputError: no experiment that ships with the package fills this table.
    """
    tables = {}
    for name in experiment_names():
        experiment = load_study(name).experiment
        tables[f"{experiment.paper}/{experiment.table.number}"] = name
    if table not in tables:
        raise InputError(Problem(f"table {table}", "is filled by no experiment", did_you_mean(table, list(tables))))
    return tables[table]


def without_table_names(names: Iterable[str]) -> list[str]:
    """Names of experiments, with those of tables, such as `combo/3`, replaced by the experiments that fill them.

    Raises:
        InputError: no experiment fills such a table.
    """
    return [experiment_of_table(name) if TABLE_NAME.fullmatch(name) else name for name in names]


def trained_experiments() -> list[str]:
    """Names of the experiments that ship with the package and have trials."""
    return [name for name in experiment_names() if load_study(name).is_trained]


def load_study(name: str, scale: str = FULL, assigned: Mapping[str, JsonValue] | None = None) -> Study:
    """Loads an experiment by name (`combo/table7`) or by the path of a YAML file.

    Raises:
        InputError: no such experiment, scale or preset, or mistakes in the files; then those that would be found in the
            trials are told as well.
    """
    question = read_question(name)
    file = question.file
    if question.is_search:
        what = "is a search, which suggests its trials while it runs"
        raise InputError(Problem(file, what, "this command takes experiments, such as combo/table7"))
    experiment, problems = validate_in_part(Experiment, question.content, file)
    problems += experiment_problems(experiment, file)
    if FULL in experiment.scales:
        problems.append(Problem(f"{file}: scales.{FULL}", "is the experiment itself", "give the scale another name"))
    if scale != FULL and scale not in experiment.scales:
        problems.append(Problem(file, f"has no scale '{scale}'", did_you_mean(scale, [FULL, *experiment.scales])))
    presets, unknown = _load_presets(experiment, scale, file)
    study = Study(question.name, file, scale, experiment, presets, dict(assigned or {}))
    if problems := [*problems, *unknown]:
        raise InputError(*dict.fromkeys([*problems, *_trial_problems(study)]))
    return study


def expand(study: Study, fingerprint: Fingerprint | None = None) -> list[Trial]:
    """All trials of a study, in the order of its rows.

    Args:
        study: an experiment at one scale.
        fingerprint: of the data that the trials are bound to; without it their data fingerprint stays empty.

    Raises:
        InputError: the experiment is not trained here, asks for too many trials, or overrides name no setting or give
            it a value it cannot have; all such mistakes at once.
    """
    if not study.is_trained:
        remedy = f"`combo report build {study.name}` shows what the paper reports"
        raise InputError(Problem(study.file, "has no trials, as no preset names its network yet", remedy))
    places: list[list[Trial]] = []
    problems: list[Problem] = []
    seeds: Sequence[int] = ()
    try:
        seeds = study.seeds
    except InputError as error:
        problems += error.problems
    _refuse_too_many(study, seeds)
    for variant, task in product(study.experiment.variants, study.tasks):
        try:
            places.append([_trial(study, variant, task, start, ANY_SEED) for start in study.starts(variant, task)])
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*dict.fromkeys(problems))
    if fingerprint is not None:
        places = [[_bind(trial, fingerprint) for trial in place] for place in places]
    return [trial.with_seed(seed) for place in places for seed in seeds for trial in place]


def with_sources(trials: Iterable[Trial]) -> Iterator[Trial]:
    """Every trial after the one that it starts from."""
    for trial in trials:
        if trial.source is not None:
            yield trial.source
        yield trial


def resolve_preset(name: str, task: Task, assigned: Mapping[str, JsonValue] | None = None) -> TrialConfig:
    """The configuration of a preset on one task, outside any experiment."""
    preset, file = load_preset(name, "--preset")
    layers = [*preset_layers(preset, file, task), ("command line", {**(assigned or {}), "data.task": task})]
    return lay_together(layers, file)


def _load_presets(experiment: Experiment, scale: str, file: str) -> tuple[dict[str, tuple[Preset, str]], list[Problem]]:
    """The presets of an experiment by the names that it uses; an empty one for each that cannot be had, and why."""
    asked = [("preset", experiment.preset)]
    asked += [(f"variants.{place}.preset", variant.preset) for place, variant in enumerate(experiment.variants)]
    stand_ins = experiment.scales.get(scale, Scale()).presets
    presets: dict[str, tuple[Preset, str]] = {}
    problems: list[Problem] = []
    for place, name in asked:
        if name is not None and name not in presets:
            where = f"{file}: {f'scales.{scale}.presets.{name}' if name in stand_ins else place}"
            try:
                presets[name] = load_preset(stand_ins.get(name, name), where)
            except InputError as error:
                problems += error.problems
                presets[name] = Preset(title=""), where
    return presets, problems


def _trial_problems(study: Study) -> Sequence[Problem]:
    """What is wrong with the trials of a study."""
    try:
        if study.is_trained:
            expand(study)
    except InputError as error:
        return error.problems
    return ()


def _refuse_too_many(study: Study, seeds: Sequence[int]) -> None:
    places = sum(len(study.starts(*place)) for place in product(study.experiment.variants, study.tasks))
    if places * len(seeds) > MOST_TRIALS:
        what = f"asks for {places * len(seeds):,} trials, more than {MOST_TRIALS:,}"
        raise InputError(Problem(study.file, what, "name fewer seeds, or split it"))


def _trial(study: Study, variant: Variant, task: Task, start: Task | None, seed: int) -> Trial:
    workers = study.settings.workers.get(variant.name, 1)
    preset, _ = _preset(study, variant)
    config = _resolve(study, variant, task, seed)
    apart = start is not None and start != variant.starts_from.get(task)
    cost = preset.costs.get(task)
    trial = Trial(study.name, variant.name, task, seed, workers, config, in_own_column=apart, cost=cost)
    return trial if start is None else trial.starting_from(_trial(study, variant, start, None, seed))


def _bind(trial: Trial, fingerprint: Fingerprint) -> Trial:
    data = trial.config.data
    bound = trial.on_data(fingerprint(trial.task, data.maskige, data.size))
    return bound if trial.source is None else bound.starting_from(_bind(trial.source, fingerprint))


def _preset(study: Study, variant: Variant) -> tuple[Preset, str]:
    name = variant.preset or study.experiment.preset
    assert name is not None, "an experiment without a preset has no trials"
    return study.presets[name]


def _resolve(study: Study, variant: Variant, task: Task, seed: int) -> TrialConfig:
    file = study.file
    layers: list[Layer] = [
        (file, {"data.task": task, "seed": seed}),
        *preset_layers(*_preset(study, variant), task),
        (f"{file}: overrides", study.experiment.overrides),
        (f"{file}: task_overrides.{task}", study.experiment.task_overrides.get(task, {})),
        (f"{file}: variant '{variant.name}'", variant.overrides),
        (f"{file}: scales.{study.scale}", study.settings.overrides),
        ("command line", {key: value for key, value in study.assigned.items() if key != SEEDS}),
    ]
    not_here = misplaced(layers[1:], GIVEN_ELSEWHERE, "an experiment")
    return lay_together(layers, f"{file}: variant '{variant.name}'", not_here)
