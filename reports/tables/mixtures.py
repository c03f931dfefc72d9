"""Why results may not be compared: different protocols, data or devices."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from experiments.reported import Column
from reports.tables.cells import Run


@dataclass(frozen=True)
class Mixture:
    """What is mixed, as the state of a cell and as a sentence."""

    state: Literal["mixed_protocol", "mixed_data"]
    why: str


def mixture_of(runs: Sequence[Run], column: Column) -> Mixture | None:
    """What forbids putting finished runs into one column; None if nothing does.

    Data are compared proposer by proposer: their fingerprint covers the Maskiges, which some tables vary on purpose.

    Args:
        runs: of all rows.
        column: that they are to stand in.
    """
    results = [run.stored.result for run in runs if run.stored.result is not None]
    if len({result.protocol for result in results}) > 1:
        why = "the column's results were scored under different protocols, which are not compared"
        return Mixture("mixed_protocol", why)
    if _have_different_data(runs):
        return Mixture("mixed_data", "the column's results were measured on different data, which are not compared")
    devices = sorted({result.provenance.device for result in results})
    if column.metric == "seconds_per_clip" and len(devices) > 1:
        return Mixture("mixed_data", f"times of different devices are not compared: {', '.join(devices)}")
    return None


def doubled_seed(runs: Iterable[Run]) -> Mixture | None:
    """What forbids averaging a cell's runs: one seed has several results, which start from different weights."""
    twice = sorted(seed for seed, count in Counter(run.seed for run in runs).items() if count > 1)
    if not twice:
        return None
    return Mixture("mixed_data", f"seed {twice[0]} has several results, which start from different weights")


def _have_different_data(runs: Iterable[Run]) -> bool:
    """Whether runs were trained on different data, or start from weights that were.

    Training from scratch and from another task's weights may stand side by side.
    """
    own: dict[str | None, set[str]] = defaultdict(set)
    of_starts: dict[str | None, set[str]] = defaultdict(set)
    for run in runs:
        config, result = run.stored.config, run.stored.result
        if config is not None and result is not None:
            own[config.proposer].add(result.provenance.data_fingerprint)
            if run.start_data:
                of_starts[config.proposer].add(run.start_data)
    return any(len(found) > 1 for found in (*own.values(), *of_starts.values()))
