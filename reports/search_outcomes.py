"""What a search has found, as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from experiments.schema import Measure
from model.config import Task

PointState = Literal["finished", "pruned", "failed", "running", "stopped", "new"]


@dataclass(frozen=True)
class SearchAxis:
    """A setting that a search varies."""

    key: str
    """Dotted key, such as `loss.lambda_ada`."""
    name: str
    """Short form of the key, such as `lambda_ada`."""
    is_logarithmic: bool
    """Whether every factor is as likely as any other."""


@dataclass(frozen=True)
class SearchPoint:
    """A trial that a search has suggested."""

    key: str
    """Trial key."""
    settings: Mapping[str, JsonValue]
    """What the search chose, by dotted key."""
    values: Mapping[Measure, float]
    """Objectives: scores of the validation split in percent, parameters in millions, times in milliseconds; empty
    while it has no result."""
    state: PointState
    on_front: bool
    """Whether no other point is better in all objectives; with one objective, whether it is the best."""


@dataclass(frozen=True)
class Importance:
    """How much each setting has to do with what sets the best points apart in one objective."""

    objective: Measure
    best: int
    """How many points count as the best."""
    finished: int
    """Among how many."""
    shares: Mapping[str, float]
    """By dotted key, the largest first; they sum up to 1."""


@dataclass(frozen=True)
class SearchOutcome:
    """A search and its points in the order in which they were suggested."""

    name: str
    """Such as `search/lambda_ada`."""
    title: str
    task: Task
    scale: str
    objectives: tuple[Measure, ...]
    points: tuple[SearchPoint, ...]
    command: str
    """Command that continues the search; empty when its budget of points is spent."""
    wanted: int
    """Points that it asks for in all."""
    data_fingerprint: str
    """Fingerprint of the data that all points were trained on."""
    axes: tuple[SearchAxis, ...] = ()
    """What it varies; without them its settings are not plotted."""
    importances: tuple[Importance, ...] = ()
    """One for each objective of which enough is known."""
    note: str = ""
    """What a reader must know before comparing this scale with the search itself; empty at that of the search."""
