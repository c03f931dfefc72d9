"""One trial: a resolved configuration with its place in an experiment or a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from experiments.identity import trial_key
from experiments.schema import Cost
from model.config import Task, TrialConfig


@dataclass(frozen=True)
class Trial:
    """One resolved trial and its place in the experiment."""

    experiment: str
    variant: str
    task: Task
    seed: int
    workers: int
    config: TrialConfig
    parent: Trial | None = None
    """The trial whose best weights this one starts from."""
    in_own_column: bool = False
    """Whether it stands apart from the variant's other trials on the task, because of where it starts from."""
    cost: Cost | None = None
    """Time and memory of the trial as the preset states them."""

    @cached_property
    def key(self) -> str:
        """The trial key."""
        return trial_key(self.config)

    @property
    def start(self) -> Task | None:
        """The task that its column names as the start of training; None if the column names none."""
        return self.parent.task if self.parent is not None and self.in_own_column else None

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
        return own if self.parent is None else own.starting_from(self.parent.with_seed(seed))

    def starting_from(self, parent: Trial) -> Trial:
        """The same trial with another one's best weights to start from."""
        return replace(self, parent=parent, config=self.config.model_copy(update={"initial_trial": parent.key}))


def with_parents(trials: Iterable[Trial]) -> Iterator[Trial]:
    """Every trial after the one that it starts from."""
    for trial in trials:
        if trial.parent is not None:
            yield trial.parent
        yield trial
