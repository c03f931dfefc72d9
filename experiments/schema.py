"""What an experiment file may say."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from model.config import PositiveFloat, PositiveInt, Seed, Task

Item = TypeVar("Item")

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")]


def once_each(items: list[Item]) -> list[Item]:
    """Refuses a list that holds the same entry twice."""
    if len(set(items)) < len(items):
        raise ValueError("the same entry stands here twice")
    return items


Tasks = Annotated[list[Task], Field(min_length=1), AfterValidator(once_each)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(once_each)]
Overrides = dict[str, JsonValue]
"""Dotted keys of a `TrialConfig` and the values they get, such as `loss.lambda_ada: 5`."""


class Part(BaseModel):
    """A frozen part of an experiment file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Variant(Part):
    """A named set of overrides: usually a row of the table."""

    name: Name
    label: str
    """As printed in the table; LaTeX math between dollar signs is kept by every renderer that can show it."""
    preset: Name | None = None
    """The row's own starting point, where it is not the experiment's."""
    overrides: Overrides = {}
    starts_from: dict[Task, Task] = {}
    """Task by task, on which task the same row's best weights are trained first, such as `ms3: s4`."""
    reported: str | None = None
    """The paper's own row in `experiments/reported/`, when it has one: its `variant`, or else its `backbone`."""


class TableSpec(Part):
    """How the experiment is laid out as a table: variants are rows, tasks and metrics are columns."""

    number: str
    caption: str
    row_header: str
    metrics: list[Literal["m_j", "m_f"]] = ["m_j", "m_f"]


class FigureSpec(Part):
    """Score against one numeric setting of the variants."""

    parameter: str
    """Dotted key of the setting on the horizontal axis, such as `loss.lambda_ada`."""
    label: str


class Scale(Part):
    """The same question on another budget; what is absent stays as the experiment has it."""

    presets: dict[Name, Name] = {}
    """What stands in for each preset of the experiment."""
    tasks: Tasks | None = None
    seeds: Seeds | None = None
    overrides: Overrides = {}
    workers: dict[Name, PositiveInt] = {}
    """Data-parallel workers by variant name; operational, so no part of a trial's identity."""
    note: str = ""
    """What a reader must know before comparing this scale with the paper."""


class Experiment(Part):
    """One question of a paper: a table of variants by tasks by seeds."""

    title: str
    paper: Literal["combo", "avs-bigen"]
    preset: Name
    tasks: Tasks
    seeds: Seeds = [0]
    overrides: Overrides = {}
    task_overrides: dict[Task, Overrides] = {}
    """What is laid over all variants on one task only."""
    variants: Annotated[list[Variant], Field(min_length=1)]
    scales: dict[Name, Scale] = {}
    table: TableSpec
    figure: FigureSpec | None = None

    @model_validator(mode="after")
    def _variant_names_differ(self) -> Experiment:
        names = [variant.name for variant in self.variants]
        if len(set(names)) < len(names):
            raise ValueError("two variants have the same name")
        return self

    @model_validator(mode="after")
    def _scales_name_what_there_is(self) -> Experiment:
        variants = {variant.name for variant in self.variants}
        presets = {self.preset, *(variant.preset for variant in self.variants)}
        for name, scale in self.scales.items():
            if unknown := scale.workers.keys() - variants:
                raise ValueError(f"scales.{name}.workers names no variant: '{min(unknown)}'")
            if unused := scale.presets.keys() - presets:
                raise ValueError(f"scales.{name}.presets replaces a preset that no variant has: '{min(unused)}'")
        return self

    @model_validator(mode="after")
    def _no_start_has_a_start(self) -> Experiment:
        for variant in self.variants:
            if variant.starts_from.keys() & set(variant.starts_from.values()):
                raise ValueError(f"variant '{variant.name}' starts from a task that itself starts from another")
        return self


class Cost(Part):
    """What a trial takes, as stated by whoever wrote the preset; measured results are believed instead."""

    seconds_per_step: tuple[PositiveFloat, PositiveFloat, PositiveFloat]
    """Low, likely and high, of one worker that takes the whole batch, evaluations included."""
    memory_gib: PositiveFloat
    """Of that worker's accelerator, or of the machine where there is none."""


class Preset(Part):
    """A named starting point for trials: settings common to all tasks, then what each task changes."""

    title: str
    base: Overrides = {}
    tasks: dict[Task, Overrides] = {}
    cost_basis: str = ""
    """Where the stated costs come from."""
    costs: dict[Task, Cost] = {}
