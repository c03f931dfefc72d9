"""Facts in which trials differ, each value written once however many trials have it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from experiments.identity import differences
from reports.render.wording import setting
from reports.site.runs import TOLD_APART
from reports.tables.cells import Run

ABSENT = "-"


@dataclass(frozen=True)
class VariedFacts:
    """Facts by name with their values, and which of the values each trial has."""

    values: Mapping[str, tuple[str, ...]]
    """In the order in which trials have them first."""
    of_trial: Mapping[str, str]
    """By trial key, the numbers of its values in the order of the facts, such as `0 2 - 1`; a dash for none."""

    def numbers(self, names: Container[str]) -> str:
        """The numbers of some of the facts, such as `1 4`."""
        return " ".join(str(number) for number, name in enumerate(self.values) if name in names)


def varied_settings(runs: Iterable[Run]) -> VariedFacts:
    """The settings that not all trials share; those aside that a run tells of in other words."""
    configs = {run.key: config for run in runs if (config := run.stored.config) is not None}
    if not configs:
        return VariedFacts({}, {})
    _, own = differences(list(configs.values()))
    told = ({name: setting(value) for name, value in one.items() if name not in TOLD_APART} for one in own)
    return _varied(dict(zip(configs, told, strict=True)))


def varied_evidence(runs: Iterable[Run]) -> VariedFacts:
    """How results came about, where not all trials agree."""
    return _varied({run.key: _evidence(run) for run in runs})


def _evidence(run: Run) -> dict[str, str]:
    result = run.stored.result
    if result is None:
        return {}
    protocol, made = result.protocol, result.provenance
    return {
        "Protocol": f"{protocol.name}, version {protocol.version}",
        "Data": made.data_fingerprint,
        "Commit": f"{made.commit or 'none known'}, version {made.code_version}",
        "Device": made.device,
        "Workers": str(made.workers),
        "Attempts": str(made.attempts),
        "Parameters": f"{result.parameters:,}",
    }


def _varied(told: Mapping[str, Mapping[str, str]]) -> VariedFacts:
    names = dict.fromkeys(name for one in told.values() for name in one)
    places: dict[str, dict[str, int]] = {name: {} for name in names}
    for one in told.values():
        for name, value in one.items():
            places[name].setdefault(value, len(places[name]))
    varied = [name for name, own in places.items() if len(own) > 1 or any(name not in one for one in told.values())]
    numbers = {
        key: " ".join(str(places[name][one[name]]) if name in one else ABSENT for name in varied)
        for key, one in told.items()
    }
    return VariedFacts({name: tuple(places[name]) for name in varied}, numbers)
