"""Two sets of configurations side by side: what differs in their settings, beside what differs in their scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.optimize import linear_sum_assignment

from experiments.identity import flatten
from model.config import Task, TrialConfig
from reports.comparing.score_delta import Delta, ReadScores, score_deltas
from reports.stored.stored_trial import StoredTrial

APART = ("seed", "data.fingerprint", "initial_trial")
"""Settings that are not compared: scores are averaged over seeds, data are compared with the provenance, and the trial
that another one starts from has a different key for each seed."""
START = "starts from other weights"
ABSENT = "-"
"""Shown for a setting that the other side's model does not have."""


@dataclass(frozen=True)
class Group:
    """Trials of one configuration, seeds apart: a table's row on one task, a point of a search, or a single trial."""

    name: str
    task: Task
    start: Task | None
    """The task whose best weights they start from, where that sets them apart."""
    config: TrialConfig
    """Configuration of one of the trials."""
    trials: tuple[StoredTrial, ...]
    """Those that are stored."""


@dataclass(frozen=True)
class Change:
    """A setting, or a part of the provenance, that differs."""

    key: str
    """Dotted key of the setting, or name of the part."""
    a: str
    b: str


@dataclass(frozen=True)
class Pair:
    """A group of each side that belong together."""

    a: Group
    b: Group
    changes: tuple[Change, ...]
    """Settings that differ between the two, apart from those that differ between all pairs alike."""
    deltas: tuple[Delta, ...]


@dataclass(frozen=True)
class Comparison:
    """All differences between two sides."""

    a: str
    """What the side is called."""
    b: str
    everywhere: tuple[Change, ...]
    """Settings in which all pairs differ in the same way."""
    pairs: tuple[Pair, ...]
    only_a: tuple[Group, ...]
    only_b: tuple[Group, ...]
    provenance: tuple[Change, ...]


def compare(a: Sequence[Group], b: Sequence[Group], names: tuple[str, str], read: ReadScores) -> Comparison:
    """Compares two sides.

    Groups of the same task, start and model belong together so that as few settings as possible differ; among equally
    near ones those of the same name. Where each side is a single group, these two are compared.

    Args:
        a: groups of one side.
        b: groups of the other side.
        names: what the sides are called.
        read: per-clip scores.
    """
    matched = [(a[0], b[0])] if len(a) == len(b) == 1 else list(_matched(a, b))
    changes = [_changes(one, other) for one, other in matched]
    everywhere = tuple(change for change in changes[0] if all(change in own for own in changes)) if changes[1:] else ()
    pairs = tuple(
        Pair(
            a=one,
            b=other,
            changes=tuple(change for change in own if change not in everywhere),
            deltas=tuple(score_deltas(one.trials, other.trials, read)),
        )
        for (one, other), own in zip(matched, changes, strict=True)
    )
    paired = {id(group) for pair in matched for group in pair}
    only_a, only_b = (tuple(group for group in side if id(group) not in paired) for side in (a, b))
    provenance = _provenance([pair.a for pair in pairs], [pair.b for pair in pairs])
    return Comparison(*names, everywhere, pairs, only_a, only_b, tuple(provenance))


def _matched(a: Sequence[Group], b: Sequence[Group]) -> Iterator[tuple[Group, Group]]:
    """Pairs in the order of the first side."""
    sides: dict[tuple[Task, Task | None], tuple[list[Group], list[Group]]] = defaultdict(lambda: ([], []))
    for index, side in enumerate((a, b)):
        for group in side:
            sides[group.task, group.start][index].append(group)
    for ours, theirs in sides.values():
        yield from _nearest(ours, theirs)


def _nearest(ours: Sequence[Group], theirs: Sequence[Group]) -> Iterator[tuple[Group, Group]]:
    """Pairs of the same model; of different ones only where the two sides have no model in common."""
    models = [{group.config.model.name for group in side} for side in (ours, theirs)]
    shared = models[0] & models[1]
    for model in sorted(shared) if shared else [None]:
        a, b = ([group for group in side if model in (None, group.config.model.name)] for side in (ours, theirs))
        distances = [[_distance(one, other) for other in b] for one in a]
        for row, column in zip(*linear_sum_assignment(distances), strict=True) if a and b else ():
            yield a[row], b[column]


def _distance(one: Group, other: Group) -> int:
    """Grows with the settings that differ; two groups that differ in nothing belong together before all."""
    changes = len(_changes(one, other))
    return (3 + 2 * changes if changes else 0) + (one.name != other.name)


def _changes(one: Group, other: Group) -> tuple[Change, ...]:
    a, b = (_settings(group.config) for group in (one, other))
    differing = [key for key in a | b if a.get(key, ABSENT) != b.get(key, ABSENT)]
    return tuple(Change(key, str(a.get(key, ABSENT)), str(b.get(key, ABSENT))) for key in differing)


def _settings(config: TrialConfig) -> dict[str, Any]:
    settings = {key: value for key, value in flatten(config).items() if key not in APART}
    return settings | {START: config.initial_trial is not None}


def _provenance(a: Sequence[Group], b: Sequence[Group]) -> Iterator[Change]:
    """What differs in how the results of the two sides came about."""
    facts, others = _facts(a), _facts(b)
    for key in facts:
        if key in others and facts[key] != others[key]:
            yield Change(key, ", ".join(sorted(facts[key])), ", ".join(sorted(others[key])))


def _facts(groups: Sequence[Group]) -> dict[str, set[str]]:
    """All that is on record for the results of some groups, by what it is."""
    facts: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        for result in (trial.result for trial in group.trials if trial.result is not None):
            made, task = result.provenance, group.task.upper()
            facts[f"{task} data"].add(made.data_fingerprint)
            facts[f"{task} protocol"].add(result.protocol.label)
            facts["code"].add(made.code_version)
            facts["commit"].add(made.commit or "unknown")
            facts["device"].add(made.device)
            for package, version in made.packages.items():
                facts[package].add(version)
    return facts
