"""The trial key: a digest of everything that changes the science of a trial."""

from __future__ import annotations

import hashlib
import json

from model.config import TrialConfig

KEY_LENGTH = 16


def canonical_json(config: TrialConfig) -> str:
    """Sorted keys, defaults filled in, shortest float form, no spaces.

    Floats that hold whole numbers stay floats (`5.0`), because the schema has typed them.
    """
    return json.dumps(config.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)


def trial_key(config: TrialConfig) -> str:
    """First 64 bits of the SHA-256 of the canonical JSON, as 16 hexadecimal digits."""
    return hashlib.sha256(canonical_json(config).encode()).hexdigest()[:KEY_LENGTH]
