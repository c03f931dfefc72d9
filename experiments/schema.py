"""What an experiment file may say."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from model.config import PositiveFloat, PositiveInt, Seed, Task

Item = TypeVar("Item")

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")]


def once_each(items: list[Item]) -> list[Item]:
    """Refuses a list that holds the same entry twice."""
    if len(set(items)) < len(items):
        raise ValueError("the same entry stands here twice")
    return items


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

Measure = Literal["m_j", "m_f", "parameters", "trainable_parameters", "seconds_per_clip"]
"""What a column holds: scores in percent, the network's size in millions, its time for a clip in milliseconds.

`trainable_parameters` leaves the frozen audio encoder out.
"""

ScoreMetric = Literal["m_j", "m_f"]
SCORES: tuple[ScoreMetric, ...] = ("m_j", "m_f")
"""The measures that are scores: more is better."""

Tasks = Annotated[list[Task], Field(min_length=1), AfterValidator(once_each)]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(once_each)]
SETTINGS, SETTING_NAMES = "settings", "names of settings"
"""Comments that stand in JSON schemas for what depends on the models there are; see `experiments.json_schemas`."""
Overrides = Annotated[dict[str, JsonValue], WithJsonSchema({"$comment": SETTINGS})]
"""Dotted keys of a `TrialConfig` and the values they get, such as `loss.lambda_ada: 5`."""
SettingName = Annotated[str, WithJsonSchema({"$comment": SETTING_NAMES})]
"""Dotted key of a setting."""


class Part(BaseModel):
    """A frozen part of an experiment file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Variant(Part):
    """A named set of overrides: usually a row of the table."""

    name: Name
    """In commands and file names."""
    label: str
    """As printed in the table; LaTeX math between dollar signs is kept by every renderer that can show it."""
    side: str = ""
    """Its text in the table's second column, if the table has one."""
    preset: Name | None = None
    """Preset of this row, if it differs from the experiment's."""
    overrides: Overrides = {}
    """Settings of this row, by dotted key."""
    starts_from: dict[Task, Task] = {}
    """By task, the task whose best weights in this row its training starts from, such as `ms3: s4`."""
    method: str | None = None
    """The method of others that this row trains, as the transcription of the paper's numbers calls it, such as
    `AVSBench`; left out for the paper's own."""
    reported: str | None = None
    """The row of that method in the transcription, when it has one: its `variant`, or else its `backbone`."""


class PublishedGroup(Part):
    """Rows of methods that the paper compares its own with and that no variant trains: they are reported only."""

    label: str
    """Heading of the rows; may be empty."""
    methods: Annotated[list[str], Field(min_length=1), AfterValidator(once_each)]
    """As the transcription in `experiments/reported/` calls them; all rows of a method come along."""


class TableSpec(Part):
    """How the experiment is laid out as a table: variants are rows, tasks and measures are columns."""

    number: str = ""
    """As the paper counts it, such as `7` or `II`; the file's name by default."""
    caption: str
    """Below or above the table."""
    row_header: str
    """Heading of the first column."""
    side_header: str | None = None
    """Heading of a second column that tells rows apart, such as `Backbone`."""
    metrics: Annotated[list[Measure], Field(min_length=1), AfterValidator(once_each)] = ["m_j", "m_f"]
    """By default those of the paper."""
    variants_are: Literal["rows", "columns"] = "rows"
    """Whether a variant is a row or a column."""
    own_group: str = ""
    """Heading of the experiment's own rows, where others stand above them."""
    published: list[PublishedGroup] = []
    """Rows of others that are shown too."""


class Statistics(Part):
    """Confidence intervals and significance tests of a table."""

    interval: Literal["student_t", "bootstrap"] = "student_t"
    """Confidence interval of a mean: Student's t over seeds, or a bootstrap over the clips of the test split."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of the interval: 0.95 stands for 95 %."""
    baseline: Name | None = None
    """The variant that the others are compared with, clip by clip; differences that are hardly chance get a dagger."""
    significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """A p-value below it gets a dagger."""
    resamples: Annotated[int, Field(ge=100, le=100_000)] = 2_000
    """Number of resamples of the bootstrap, and of permutations where the clips are too many to try all."""


class FigureSpec(Part):
    """Score against one numeric setting of the variants."""

    label: str
    """Label of the horizontal axis; LaTeX math between dollar signs is typeset."""
    parameter: SettingName
    """Dotted key of the setting, such as `loss.lambda_ada`."""


class Extending(Part):
    """A part that may be laid over a file of its kind: what it does not say stays as that file says it."""

    extends: Name | None = None
    """Name of that file, without its ending."""


class Scale(Extending):
    """The same experiment on another budget; what is absent stays as the experiment has it.

    Those that experiments share lie in `experiments/scales/`; an experiment's own scale extends one by its name.
    """

    presets: dict[Name, Name] = {}
    """Which preset replaces each preset of the experiment."""
    tasks: Tasks | None = None
    """Instead of the experiment's."""
    seeds: Seeds | None = None
    """Instead of the experiment's."""
    overrides: Overrides = {}
    """Laid over the experiment's."""
    workers: dict[Name, PositiveInt] = {}
    """Data-parallel workers by variant name; operational, so no part of a trial's identity."""
    note: str = ""
    """What a reader must know before comparing this scale with the paper."""


class Experiment(Part):
    """An experiment of a paper: a table of variants by tasks by seeds. `experiment_checks` tells whether parts fit."""

    title: str
    """What it is about, in a line."""
    paper: Name | None = None
    """Name of its paper, where the file lies in no paper's folder, such as `combo`."""
    preset: Name
    """Where its trials start."""
    tasks: Tasks
    """AVSBench subsets that each variant is trained on."""
    also_from: dict[Task, Task] = {}
    """By task, another task from whose best weights it is trained as well, in its own columns, such as `ms3: s4`."""
    seeds: Seeds = [0]
    """Each variant is trained once for each of them, on each task."""
    overrides: Overrides = {}
    """Laid over the preset for all variants, by dotted key."""
    task_overrides: dict[Task, Overrides] = {}
    """What is laid over all variants on one task only."""
    variants: Annotated[list[Variant], Field(min_length=1)]
    scales: dict[Name, Scale] = {}
    table: TableSpec
    statistics: Statistics = Statistics()
    figure: FigureSpec | None = None


class Cost(Part):
    """Time and memory of a trial as the preset's author states them; measured results take precedence."""

    seconds_per_step: tuple[PositiveFloat, PositiveFloat, PositiveFloat]
    """Low, likely and high estimate for one worker that takes the whole batch, evaluations included."""
    memory_gib: PositiveFloat
    """Memory of that worker's accelerator, or of the machine if there is none."""


class Preset(Extending):
    """A named starting point for trials: settings common to all tasks, then what each task changes."""

    title: str
    """What it is, in a line."""
    base: Overrides = {}
    """Settings for all tasks, by dotted key."""
    tasks: dict[Task, Overrides] = {}
    """What each task changes, laid over `base`."""
    cost_basis: str = ""
    """Where the stated costs come from."""
    costs: dict[Task, Cost] = {}
    """By task; without it, plans know nothing until a trial is finished."""
