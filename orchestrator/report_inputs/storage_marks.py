"""Whether the outcomes in a storage are still those that a report was built from."""

from __future__ import annotations

from contextlib import suppress

from experiments.records import EVALUATION_FILE, EVALUATIONS, FAILURE_FILE, RESULT_FILE, TRIAL_FILE, TRIALS
from orchestrator.storage.storage import Storage

Marks = frozenset[tuple[str, int, int]]
_TELLING = {TRIALS: (TRIAL_FILE, RESULT_FILE, FAILURE_FILE), EVALUATIONS: (EVALUATION_FILE,)}
"""Documents that come when a trial begins or ends and when weights were scored; not those that grow in between."""


def outcome_marks(storage: Storage) -> Marks:
    """Equal as long as no trial began or ended and no weights were scored; documents must be fetched before."""
    found = set()
    for place, names in _TELLING.items():
        for folder in (storage.root / place).glob("[!.]*"):
            for name in names:
                with suppress(OSError):
                    status = (folder / name).stat()
                    found.add((f"{folder.name}/{name}", status.st_mtime_ns, status.st_size))
    return frozenset(found)
