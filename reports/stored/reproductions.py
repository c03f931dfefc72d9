"""What training a finished trial again gave, as `combo reproduce` stored it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from experiments.errors import InputError
from experiments.reproduction_record import ReproductionRecord
from experiments.trial_files import TrialFiles
from reports.stored.documents import read_document


def read_reproductions(trial: Path, outcome: bytes) -> tuple[ReproductionRecord, ...]:
    """The records that compare with a result, in their order; those of an earlier result and damaged ones left out.

    Args:
        trial: its directory.
        outcome: what its `result.json` holds.
    """
    compared_with, found = hashlib.sha256(outcome).hexdigest(), []
    for path in TrialFiles(trial).reproduction_files:
        with suppress(InputError):
            record = read_document(ReproductionRecord, path)
            if record.result_sha256 == compared_with:
                found.append(record)
    return tuple(found)
