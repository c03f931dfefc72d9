"""What a search file may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator, model_validator

from experiments.schema import SCORES, SETTING_NAMES, Measure, Name, Number, Overrides, Part, once_each
from model.config import PositiveFloat, PositiveInt, Seed, Task

Objective = Measure
"""Scores are those of the validation split, as a search never looks at the test split; they lie in [0, 1] and are
maximised, the others are minimised."""
ONE_SCORE: list[Objective] = ["m_j"]
"""What a search optimises unless it says otherwise, as it selects checkpoints too; early stopping compares by it."""
DIGITS = 4
"""Significant digits of suggested numbers, so that their trial keys are stable and can be typed."""

Objectives = Annotated[list[Objective], Field(min_length=1), AfterValidator(once_each)]
Integer = Annotated[int, Field(strict=True)]


class Axis(Part):
    """The values that one setting may take; exactly one of `log_uniform`, `uniform`, `integer`, `choice`."""

    log_uniform: tuple[PositiveFloat, PositiveFloat] | None = None
    """Lowest and highest; every factor is as likely as any other."""
    uniform: tuple[Number, Number] | None = None
    """Lowest and highest."""
    integer: tuple[Integer, Integer] | None = None
    """Lowest and highest, both possible."""
    step: PositiveInt | None = None
    """Distance between neighbouring integers; 1 by default."""
    choice: list[JsonValue] | None = None
    """Numbers, words or truth values."""

    @field_validator("log_uniform", "uniform", "integer")
    @classmethod
    def _bounds_ascend(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not bounds[0] < bounds[1]:
            raise ValueError(f"the lowest value comes first, then a higher one, not [{bounds[0]}, {bounds[1]}]")
        return bounds

    @field_validator("choice")
    @classmethod
    def _choices_are_plain_and_differ(cls, choices: list[JsonValue] | None) -> list[JsonValue] | None:
        if choices is not None:
            if not all(isinstance(choice, str | int | float) for choice in choices):
                raise ValueError("a choice is a number, a word or a truth value")
            if len(set(map(str, choices))) < max(2, len(choices)):
                raise ValueError("needs at least two entries, all different")
        return choices

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Axis:
        kinds = [self.log_uniform, self.uniform, self.integer, self.choice]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("needs exactly one of log_uniform, uniform, integer and choice")
        if self.step is not None and (self.integer is None or (self.integer[1] - self.integer[0]) % self.step):
            raise ValueError(f"step {self.step} leads from no lowest to no highest integer")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest of a numeric axis.

        Raises:
            ValueError: the axis is a choice.
        """
        bounds = self.log_uniform or self.uniform or self.integer
        if bounds is None:
            raise ValueError("a choice has no bounds")
        return bounds

    @property
    def extremes(self) -> list[JsonValue]:
        """Values that must be possible in a trial for all others to be so: the bounds, or every choice."""
        return list(self.bounds) if self.choice is None else self.choice

    @property
    def size(self) -> int | None:
        """Number of values; None where they are continuous."""
        if self.choice is not None:
            return len(self.choice)
        if self.integer is not None:
            return (self.integer[1] - self.integer[0]) // (self.step or 1) + 1
        return None

    def rounded(self, suggestion: JsonValue) -> JsonValue:
        """A suggested value as it enters a configuration: `DIGITS` significant digits, still within the bounds."""
        if not isinstance(suggestion, float) or self.choice is not None:
            return suggestion
        low, high = self.bounds
        return min(max(float(f"{suggestion:.{DIGITS}g}"), low), high)

    def find(self, value: JsonValue) -> JsonValue:
        """The value of this axis that a configuration holds as `value`; None if it is not on the axis."""
        if self.choice is not None:
            return next((choice for choice in self.choice if choice == value), None)
        low, high = self.bounds
        if not isinstance(value, int | float) or not low <= value <= high:
            return None
        if self.integer is not None and (value - low) % (self.step or 1):
            return None
        return value


Space = Annotated[dict[str, Axis], Field(json_schema_extra={"propertyNames": {"$comment": SETTING_NAMES}})]
"""Axes by the dotted key of their settings."""


class Sampler(Part):
    """Who suggests points."""

    name: Literal["tpe", "nsga2", "gp", "random"] = "tpe"
    """Tree-structured Parzen estimator, genetic algorithm NSGA-II, Gaussian process, or chance."""
    seed: Seed = 0
    """Random seed of its suggestions."""


class EarlyStopping(Part):
    """Asynchronous successive halving: at each rung, trials that are not among the best so far end early."""

    scheduler: Literal["asha"]
    """How trials are chosen that end early."""
    grace_evaluations: PositiveInt
    """Validations before the first rung; in validations rather than steps, so that it holds at every scale."""
    reduction: Annotated[int, Field(ge=2, strict=True)] = 3
    """One in so many goes on at a rung, and the next rung is so many times later."""


class Budget(Part):
    """Where the search ends, though points are left; whichever comes first."""

    gpu_hours: PositiveFloat | None = None
    """GPU-hours of all trials together; worker-hours where there is no GPU."""
    hours: PositiveFloat | None = None
    """Hours from the start of the command."""


class SearchScale(Part):
    """The same search on another budget; what is absent stays as the search has it."""

    preset: Name | None = None
    """Instead of the search's."""
    task: Task | None = None
    """Instead of the search's."""
    overrides: Overrides = Field(default_factory=dict)
    """Laid over the search's."""
    space: Space = Field(default_factory=dict)
    """Axes that stand in for the search's own of the same setting."""
    trials: PositiveInt | None = None
    """Instead of the search's."""
    note: str = ""
    """What a reader must know before comparing this scale with the search itself."""


class Search(Part):
    """A search, whose trials are suggested one by one, each from the scores of those before."""

    title: str
    """What it looks for, in a line."""
    paper: Name | None = None
    """Name of its paper, where the file lies in no paper's folder, such as `combo`."""
    preset: Name
    """Where its trials start."""
    task: Task
    """The AVSBench subset that each trial is trained on."""
    seed: Seed = 0
    """Random seed of every trial."""
    overrides: Overrides = Field(default_factory=dict)
    """Laid over the preset, by dotted key."""
    space: Annotated[Space, Field(min_length=1)]
    """What varies, by dotted key of the setting."""
    objectives: Objectives = Field(default=ONE_SCORE)
    """One is optimised; several give a Pareto front."""
    sampler: Sampler = Sampler()
    early_stopping: EarlyStopping | None = None
    trials: PositiveInt
    """Number of points, including those that storage has already."""
    concurrent: PositiveInt | None = None
    """Trials at once at most; the fewer, the more each suggestion knows. By default as many as fit the machine."""
    budget: Budget = Budget()
    scales: dict[Name, SearchScale] = Field(default_factory=dict)

    @field_validator("objectives")
    @classmethod
    def _a_score_is_among_them(cls, objectives: list[Objective]) -> list[Objective]:
        if not set(objectives) & set(SCORES):
            raise ValueError("need m_j or m_f: the cheapest network is known without a search")
        return objectives

    @field_validator("early_stopping")
    @classmethod
    def _one_score_can_be_stopped_by(cls, stopping: EarlyStopping | None, info: ValidationInfo) -> EarlyStopping | None:
        objectives = info.data.get("objectives", ONE_SCORE)
        if stopping is not None and objectives != ONE_SCORE:
            given = ", ".join(objectives)
            raise ValueError(
                f"{stopping.scheduler} compares trials by m_j alone, and the objectives are {given}; "
                "leave early_stopping out, or search for m_j only"
            )
        return stopping

    @model_validator(mode="after")
    def _scales_replace_axes_that_there_are(self) -> Search:
        for name, scale in self.scales.items():
            if unknown := scale.space.keys() - self.space.keys():
                raise ValueError(f"scales.{name}.space replaces an axis that the search does not have: {min(unknown)}")
        return self
