"""The points of a trial's metrics, merged over its attempts as MLflow shows them."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from experiments.records import VALIDATION_SCORES, MetricLine

BATCH = 900
"""Points per request; MLflow accepts a thousand."""
PREFIXES = {"step": "train/", "evaluation": "val/", "system": "system/"}
"""What begins the names of metrics, by kind of line."""
SYSTEM = PREFIXES["system"]
PERCENT = "_percent"
"""What ends the names of scores: storage has fractions, tables and MLflow show percent."""


class Point(NamedTuple):
    """One value of one metric."""

    name: str
    step: int
    time: int
    """Milliseconds since the epoch, as the line says, so that logging a line again adds nothing."""
    value: float


class MetricPoints:
    """Points by metric, in the order of their steps; 24 bytes each, as a long trial has a million.

    An attempt that continues from step k measures the steps after k again. What earlier attempts measured there is
    dropped, even where the new attempt has not come yet: that work is lost. What was measured of the machine stays.

    Args:
        lines: in the order in which they were written.
    """

    def __init__(self, lines: Iterable[MetricLine] = ()) -> None:
        self._series: dict[str, _Series] = {}
        self._attempt = 0
        for line in lines:
            self.add(line)

    def add(self, line: MetricLine) -> None:
        """Adds the points of a line; known ones change nothing."""
        if line.kind == "step" and line.attempt > self._attempt:
            self._attempt = line.attempt
            for name, series in self._series.items():
                if not name.startswith(SYSTEM):
                    series.drop_from(line.step)
        for point in points_of(line):
            self.put(point)

    def put(self, point: Point) -> None:
        """Adds a point; a known one changes nothing."""
        series = self._series.setdefault(point.name, _Series())
        step, time, value = point.step, point.time, as_mlflow_keeps(point.value)
        if point.name.startswith(SYSTEM):
            known = bool(series.times) and time <= series.times[-1]
        else:
            known = series.holds(step, time)
            if not known:
                series.drop_from(step)
        if not known:
            series.append(step, time, value)

    def names(self) -> list[str]:
        """Names of the metrics, sorted."""
        return sorted(name for name, series in self._series.items() if series.steps)

    def of(self, name: str) -> Iterator[Point]:
        """The points of one metric."""
        series = self._series[name]
        return (Point(name, *values) for values in zip(series.steps, series.times, series.values, strict=True))

    def unsent(self) -> Iterator[list[Point]]:
        """Batches of what was not sent yet; each counts as sent once the next is asked for."""
        while batch := list(islice(self._waiting(), BATCH)):
            yield [self._series[name].point(name, index) for name, index in batch]
            for name, index in batch:
                self._series[name].sent = index + 1

    def all_sent(self) -> None:
        """Marks all points as sent."""
        for series in self._series.values():
            series.sent = len(series.steps)

    def were_sent(self) -> bool:
        """Whether the receiver has all of these points."""
        return next(self._waiting(), None) is None

    def equals(self, other: MetricPoints) -> bool:
        """Whether both hold the same points."""
        return self.names() == other.names() and all(
            self._series[name].as_bytes() == other._series[name].as_bytes() for name in self.names()
        )

    def _waiting(self) -> Iterator[tuple[str, int]]:
        return ((name, index) for name, one in self._series.items() for index in range(one.sent, len(one.steps)))


def points_of(line: MetricLine) -> Iterator[Point]:
    """Points of one line, before merging attempts."""
    for name, value in line.values.items():
        if line.kind == "evaluation" and name in VALIDATION_SCORES:
            name, value = name + PERCENT, percent(value)
        yield Point(PREFIXES[line.kind] + name, line.step, int(line.time * 1000), as_mlflow_keeps(value))


class _Series:
    """One metric."""

    def __init__(self) -> None:
        self.steps, self.times, self.values = array("q"), array("q"), array("d")
        self.sent = 0

    def append(self, step: int, time: int, value: float) -> None:
        self.steps.append(step)
        self.times.append(time)
        self.values.append(value)

    def holds(self, step: int, time: int) -> bool:
        index = bisect_left(self.steps, step)
        return index < len(self.steps) and (self.steps[index], self.times[index]) == (step, time)

    def drop_from(self, step: int) -> None:
        """Drops the points from a step on."""
        index = bisect_left(self.steps, step)
        for column in (self.steps, self.times, self.values):
            del column[index:]
        self.sent = min(self.sent, index)

    def point(self, name: str, index: int) -> Point:
        return Point(name, self.steps[index], self.times[index], self.values[index])

    def as_bytes(self) -> tuple[bytes, bytes, bytes]:
        """Bytes of the points, for comparison: unlike numbers, equal NaNs compare equal."""
        return self.steps.tobytes(), self.times.tobytes(), self.values.tobytes()


def percent(fraction: float) -> float:
    """A score as tables show it, without the digits that only binary fractions have."""
    return float(f"{100 * fraction:.14g}")


def as_mlflow_keeps(value: float) -> float:
    """MLflow keeps infinity as the largest number there is."""
    return max(min(value, sys.float_info.max), -sys.float_info.max) if value == value else value
