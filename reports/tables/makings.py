"""What made the numbers of a table, where that was not the same for all: code, PyTorch, devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from experiments.records import Provenance
from reports.tables.cells import Row

UNKNOWN = "unknown"
MAKINGS: Final[Mapping[str, Callable[[Provenance], str]]] = {
    "commits of the code": lambda made: made.commit or UNKNOWN,
    "versions of PyTorch": lambda made: made.packages.get("torch", UNKNOWN),
    "devices": lambda made: made.device,
}
"""What may have made a number: in the words of a footnote, and as its provenance tells it."""


def mixed_makings(rows: Sequence[Row]) -> Iterator[str]:
    """One sentence for each thing that is mixed, with the rows that each part of the mixture stands behind."""
    for what, value_of in MAKINGS.items():
        behind: dict[str, dict[str, None]] = defaultdict(dict)
        for row in rows:
            for run in (run for cell in row.cells for run in cell.counted):
                if run.stored.result is not None:
                    behind[value_of(run.stored.result.provenance)][row.label] = None
        if len(behind) > 1:
            parts = "; ".join(f"{value}: {', '.join(behind[value])}" for value in sorted(behind))
            yield f"The measured numbers come from different {what}. {parts}."
