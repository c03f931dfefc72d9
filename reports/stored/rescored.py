"""Finished trials whose tested weights were scored again, such as under a newer version of their protocol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from experiments.identity import trial_key
from experiments.records import EvaluationRecord, ProtocolRecord
from experiments.stored_types import parse_moment
from model.manifest import WEIGHTS_FILE
from reports.stored.stored_trial import StoredTrial


class Rescored:
    """Evaluations of weights that were trained here, by their trials.

    Args:
        records: of a storage; those of imported weights are left alone.
    """

    def __init__(self, records: Iterable[EvaluationRecord] = ()) -> None:
        self._by_trial: dict[str, list[EvaluationRecord]] = defaultdict(list)
        for record in records:
            if record.weights.origin == "trained":
                self._by_trial[trial_key(record.weights.config)].append(record)

    def under(self, stored: StoredTrial, protocol: ProtocolRecord | None) -> StoredTrial:
        """A trial as it was scored under a protocol; as it is, where its own result or no evaluation is of that one.

        Args:
            stored: any trial.
            protocol: that is asked for; None asks for none.
        """
        own = stored.own_result
        if own is None or protocol is None or own.protocol == protocol:
            return stored
        found = (record for record in self._by_trial.get(stored.key, ()) if is_of(record, stored, protocol))
        record = max(found, key=lambda record: (record.finished, record.key), default=None)
        return stored if record is None else replace(stored, rescored=record)

    def as_of(self, moment: datetime) -> Rescored:
        """Those that there were at a moment.

        Args:
            moment: with its time zone.
        """
        records = (record for records in self._by_trial.values() for record in records)
        return Rescored(record for record in records if parse_moment(record.finished) <= moment)


def is_of(record: EvaluationRecord, stored: StoredTrial, protocol: ProtocolRecord) -> bool:
    """Whether an evaluation scored a trial's tested weights under a protocol, on the trial's own data."""
    own = stored.own_result
    return (
        own is not None
        and record.protocol == protocol
        and record.weights.sha256 == own.checksums.get(f"{own.checkpoint}/{WEIGHTS_FILE}")
        and record.data_fingerprint == own.provenance.data_fingerprint
    )
