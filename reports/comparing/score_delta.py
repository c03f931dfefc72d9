"""How far the scores of two sets of trials lie apart, and whether that is more than the choice of clips explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from experiments.errors import InputError
from experiments.records import ResultRecord
from experiments.reported import OF_THE_NETWORK, Column
from experiments.schema import SCORES, Measure, ScoreMetric
from reports.stored.scores import ClipScores
from reports.stored.stored_trial import StoredTrial
from reports.tables.measures import measured_value
from reports.tables.paired_test import paired_test
from reports.tables.statistics import Summary, summarise

ReadScores: TypeAlias = Callable[[Path], ClipScores]
"""Reads the per-clip scores in a trial's directory, each once if it keeps them."""


@dataclass(frozen=True)
class Delta:
    """One measure on both sides; scores in percent, parameters in millions, times in milliseconds."""

    measure: Measure
    a: Summary | None
    """Mean and spread over the seeds; None if no trial is finished."""
    b: Summary | None
    p_value: float | None = None
    """Two-sided p-value of the paired permutation test over the clips."""
    clips: int | None = None
    """Number of clips that both sides were scored on; None without a p-value."""
    why_not: str = ""
    """Why the two are not compared, or why without a p-value; empty where they are."""
    is_comparable: bool = True
    """Whether the difference between the two numbers means anything."""

    @property
    def difference(self) -> float | None:
        """B minus A; None where the two are not compared."""
        if self.a is None or self.b is None or not self.is_comparable:
            return None
        return self.b.mean - self.a.mean


def score_deltas(a: Sequence[StoredTrial], b: Sequence[StoredTrial], read: ReadScores) -> Iterator[Delta]:
    """Compares trials of one configuration, seeds apart, with those of another.

    Args:
        a: on one side; those without a result do not count.
        b: on the other side.
        read: per-clip scores.
    """
    ours, theirs = ([trial for trial in side if trial.result is not None] for side in (a, b))
    obstacle = incomparable([*ours, *theirs])
    for metric in SCORES:
        delta = _plain(metric, ours, theirs)
        if obstacle:
            yield replace(delta, why_not=obstacle, is_comparable=False)
        else:
            yield delta if delta.difference is None else _tested(delta, metric, ours, theirs, read)
    for measure in OF_THE_NETWORK:
        delta = _plain(measure, ours, theirs)
        if delta.difference:
            yield delta if measure != "seconds_per_clip" else _timed(delta, [*_results(ours), *_results(theirs)])


def incomparable(trials: Sequence[StoredTrial]) -> str:
    """Why scores of finished trials are not compared; empty where they are.

    Data are compared among trials that see the same proposer's Maskiges, as their fingerprint covers these.
    """
    results = _results(trials)
    protocols = sorted({result.protocol.label for result in results})
    if len(protocols) > 1:
        return f"scored under {' and '.join(protocols)}"
    if len({result.protocol for result in results}) > 1:
        return f"scored under different forms of {protocols[0]}"
    data = {(trial.config.proposer, trial.config.data.fingerprint) for trial in trials if trial.config is not None}
    if len(data) > len({maskige for maskige, _ in data}):
        return "measured on different data"
    return ""


def _plain(measure: Measure, a: Sequence[StoredTrial], b: Sequence[StoredTrial]) -> Delta:
    return Delta(measure, _summary(_results(a), measure), _summary(_results(b), measure))


def _tested(
    delta: Delta, metric: ScoreMetric, a: Sequence[StoredTrial], b: Sequence[StoredTrial], read: ReadScores
) -> Delta:
    """Adds a p-value if the clips of all trials are known and the same."""
    if {trial.key for trial in a} == {trial.key for trial in b}:
        return replace(delta, why_not="the same trials")
    try:
        ours, theirs = ([read(trial.path) for trial in side] for side in (a, b))
        if len({clips.names for clips in (*ours, *theirs)}) > 1:
            return replace(delta, why_not="no p-value: scored on different clips of the split")
        protocol = _results(a)[0].protocol
        row, baseline = ([clips.terms(metric, protocol) for clips in side] for side in (theirs, ours))
    except InputError as error:
        return replace(delta, why_not=f"no p-value: {error}")
    return replace(delta, p_value=paired_test(row, baseline).p_value, clips=len(ours[0].names))


def _timed(delta: Delta, results: Sequence[ResultRecord]) -> Delta:
    """Compares times only if they were taken on the same device."""
    devices = sorted({result.provenance.device for result in results})
    if len(devices) == 1:
        return delta
    return replace(delta, why_not=f"timed on {' and '.join(devices)}", is_comparable=False)


def _summary(results: Sequence[ResultRecord], measure: Measure) -> Summary | None:
    column = Column(None, measure)
    values = [value for result in results if (value := measured_value(result, column)) is not None]
    return summarise(values) if values else None


def _results(trials: Sequence[StoredTrial]) -> list[ResultRecord]:
    return [trial.result for trial in trials if trial.result is not None]
