"""A search at one scale, and the trials that its points are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from experiments.identity import canonical_json, flatten, short_digest
from experiments.overrides import assignment_words, lay_over
from experiments.papers import Paper
from experiments.presets import LoadedPreset
from experiments.printed_commands import ON_PATH, Caller
from experiments.scales import FULL
from experiments.search_schema import Axis, Search, SearchScale
from experiments.trial import Trial
from experiments.validate import validate
from model.config import Task, TrialConfig

Point = Mapping[str, JsonValue]
"""One value for every axis, by dotted key."""


@dataclass(frozen=True)
class ScaledSearch:
    """A search at one scale: what the files say, before points are suggested."""

    name: str
    """Its file without ending, below the folder of its paper or, as `search/lambda_ada`, of all that ships."""
    file: str
    """The search file as messages call it."""
    word: str
    """What a command line calls the search."""
    paper: Paper
    scale: str
    search: Search
    preset: LoadedPreset
    base: TrialConfig
    """Configuration that all points share; its values of the searched settings are placeholders."""
    assigned: Mapping[str, JsonValue]
    """Overrides from the command line, which are laid over everything else in `base`."""

    @property
    def settings(self) -> SearchScale:
        """The scale's own settings; empty for `full`."""
        return self.search.scales.get(self.scale, SearchScale())

    @property
    def file_part(self) -> str:
        """What file and scale say of its name, such as `search-lambda_ada-demo`."""
        return self.name.replace("/", "-") + ("" if self.scale == FULL else f"-{self.scale}")

    @property
    def content_part(self) -> str:
        """Digest of what is asked for, of the data too if it is bound to them; how it is to be run is no part of it."""
        settings = self.search.model_dump_json(include={"objectives", "sampler", "early_stopping"})
        axes = [f"{key}: {axis.model_dump_json()}" for key, axis in self.space.items()]
        return short_digest([canonical_json(self.base), *axes, str(self.trials), settings])

    @property
    def sweep(self) -> str:
        """Name of the sweep, such as `search-lambda_ada-demo-5f2c1e0a`."""
        return f"{self.file_part}-{self.content_part}"

    @property
    def task(self) -> Task:
        """The task that all points are trained on."""
        return self.settings.task or self.search.task

    @property
    def space(self) -> dict[str, Axis]:
        """Axes by dotted key."""
        return {**self.search.space, **self.settings.space}

    @property
    def axis_names(self) -> dict[str, str]:
        """Short forms of the axes' keys: their last part, such as `queries`, or two parts where one is ambiguous."""
        last = [key.rpartition(".")[2] for key in self.space]
        return {
            key: name if last.count(name) == 1 else ".".join(key.split(".")[-2:])
            for key, name in zip(self.space, last, strict=True)
        }

    @property
    def trials(self) -> int:
        """Number of points to try."""
        return self.settings.trials or self.search.trials

    @property
    def grace_steps(self) -> int | None:
        """Optimiser steps before the first rung of early stopping; None without early stopping."""
        stopping = self.search.early_stopping
        return None if stopping is None else stopping.grace_evaluations * self.base.training.evaluate_every

    def command(self, verb: str, caller: Caller = ON_PATH) -> str:
        """What to type for a verb on this search, such as `combo run search/lambda_ada --scale demo`."""
        return caller.command(verb, [self.word, *assignment_words(self.assigned)], self.scale)

    def on_data(self, fingerprint: str) -> ScaledSearch:
        """The same search bound to the content of a data set."""
        data = self.base.data.model_copy(update={"fingerprint": fingerprint})
        return replace(self, base=self.base.model_copy(update={"data": data}))

    def trial(self, point: Point) -> Trial:
        """The trial of a point.

        Raises:
            InputError: the values of the point do not go together.
        """
        place = f"{self.file}: space"
        values = lay_over(self.base.model_dump(), point, place)
        config = validate(type(self.base), values, self.file, dict.fromkeys(point, place))
        variant = " ".join(f"{self.axis_names[key]}={value}" for key, value in point.items())
        return Trial(self.name, variant, self.task, config.seed, 1, config, cost=self.preset.cost(self.task))

    def point_of(self, config: TrialConfig) -> Point | None:
        """The point that a configuration is; None if it lies outside of this search."""
        settings, shared = flatten(config), flatten(self.base)
        if any(settings[key] != shared[key] for key in shared if key not in self.space):
            return None
        point = {key: axis.find(settings[key]) for key, axis in self.space.items()}
        return None if None in point.values() else point
