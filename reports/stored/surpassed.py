"""Which scores today's protocol has surpassed."""

from __future__ import annotations

from experiments.records import ProtocolRecord


def is_surpassed(protocol: ProtocolRecord, current: ProtocolRecord) -> bool:
    """Whether a protocol is another one than that by which cells are filled, or an older version of it."""
    return protocol.name != current.name or protocol.version < current.version
