"""The sweeps that a storage holds, as a table and as a document."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from orchestrator.planning.stored_sweeps import StoredSweep
from orchestrator.trial.trial_state import STYLES, TrialState


def sweeps_table(sweeps: Sequence[StoredSweep]) -> Table:
    """One row for each sweep: what it was asked for, and its trials by state."""
    states = [state for state in TrialState if any(sweep.states.get(state) for sweep in sweeps)]
    table = Table("sweep", "asked for", "last", box=None)
    for heading in ("trials", *states):
        table.add_column(heading, justify="right")
    for sweep in sweeps:
        asked = sweep.request
        counts = [Text(str(sweep.states.get(state) or ""), STYLES[state]) for state in states]
        table.add_row(
            Text(sweep.name or "trials of no sweep"),
            Text(_asked_words(sweep), overflow="fold"),
            "" if asked is None else asked.asked[:16].replace("T", " "),
            str(sweep.trials),
            *counts,
        )
    return table


def sweeps_document(sweeps: Sequence[StoredSweep]) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "sweeps": [
            {
                "sweep": sweep.name,
                "asked": None if sweep.request is None else sweep.request.model_dump(mode="json", exclude={"sweep"}),
                "trials": sweep.trials,
                "states": {str(state): count for state, count in sweep.states.items()},
            }
            for sweep in sweeps
        ]
    }


def _asked_words(sweep: StoredSweep) -> str:
    """Such as `combo/table7 --scale demo`; empty where it was not noted."""
    asked = sweep.request
    return "" if asked is None else shlex.join([*asked.words, "--scale", asked.scale])
