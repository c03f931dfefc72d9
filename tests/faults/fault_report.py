"""Notes what each fault cost, one JSON line per case, for the table in docs/concepts/faults.md."""

from __future__ import annotations

import json
import os
from pathlib import Path

PLACE = "COMBO_FAULT_REPORT"
"""Variable that names the file to append to; without it nothing is kept."""


def note(case: str, injected: str, lost: str, recovery_seconds: float | None = None) -> None:
    """Notes a fault that the system has survived.

    Args:
        case: id, such as F1.
        injected: the fault.
        lost: what had to be done again.
        recovery_seconds: from the fault until work went on.
    """
    place = os.environ.get(PLACE)
    if place is None:
        return
    seconds = None if recovery_seconds is None else round(recovery_seconds, 1)
    line = {"case": case, "injected": injected, "lost": lost, "recovery_seconds": seconds}
    with Path(place).open("a") as file:
        file.write(json.dumps(line) + "\n")
