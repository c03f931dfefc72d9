"""An experiment at one scale, before it becomes trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from experiments.overrides import assignment_words
from experiments.papers import Paper
from experiments.presets import LoadedPreset
from experiments.printed_commands import ON_PATH, Caller
from experiments.scales import Parts, combined
from experiments.schema import Experiment, Part, Scale, Seeds, Variant
from experiments.validate import validate
from model.config import Task

SEEDS = "seeds"
"""What the command line calls the seeds, beside the settings of a trial, as `seeds=[0,1,2]`."""


class _Seeds(Part):
    seeds: Seeds


@dataclass(frozen=True)
class ScaledExperiment:
    """An experiment at one scale: what the files say, before it becomes trials."""

    name: str
    """The folder of its paper and its file's path in it, without ending, such as `combo/table7`."""
    file: str
    """The experiment file as messages call it."""
    word: str
    """What a command line calls the experiment."""
    paper: Paper
    scale: str
    experiment: Experiment
    presets: Mapping[str, LoadedPreset]
    """Presets by the name that the experiment uses."""
    assigned: Mapping[str, JsonValue]
    """Overrides from the command line, laid over everything else."""
    shared_scales: Mapping[str, Parts]
    """The shared scales that each scale of the experiment extends, by its name."""

    @property
    def scale_parts(self) -> Parts:
        """The scale and those that it extends, each with the place where it stands; for `full` it says nothing."""
        own = self.experiment.scales.get(self.scale, Scale())
        return *self.shared_scales.get(self.scale, ()), (f"{self.file}: scales.{self.scale}", own)

    @property
    def settings(self) -> Scale:
        """What the scale says together with those that it extends; nothing for `full`."""
        return combined(self.scale_parts)

    @property
    def tasks(self) -> list[Task]:
        """Tasks that this scale trains; the table keeps the columns of all the experiment's tasks."""
        return self.settings.tasks or self.experiment.tasks

    @property
    def tasks_place(self) -> str:
        """Where these tasks are listed, for messages."""
        listing = [place for place, part in self.scale_parts if part.tasks is not None]
        return f"{listing[-1] if listing else self.file}: tasks"

    @property
    def seeds(self) -> list[int]:
        """Seeds that each cell is trained with.

        Raises:
            InputError: the command line gives something else than a list of seeds.
        """
        if SEEDS in self.assigned:
            return validate(_Seeds, {SEEDS: self.assigned[SEEDS]}, "command line").seeds
        return self.settings.seeds or self.experiment.seeds

    def starts(self, variant: Variant, task: Task) -> list[Task | None]:
        """Where a variant's trials on a task start from: another task's best weights, or None for the preset's own."""
        also = self.experiment.also_from.get(task)
        return [variant.starts_from.get(task), *([also] if also is not None else [])]

    def command(self, verb: str, caller: Caller = ON_PATH) -> str:
        """What to type for a verb on this experiment, such as `combo run combo/table7 --scale small`."""
        return caller.command(verb, [self.word, *assignment_words(self.assigned)], self.scale)
