"""The trial key: a hash of all settings that can change a trial's result."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from operator import getitem
from typing import Any

from model.config import TrialConfig

KEY_LENGTH = 16
SHORT_LENGTH = 8
TRIAL_KEY = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}")


def canonical_json(config: TrialConfig) -> str:
    """The configuration as JSON with sorted keys, defaults filled in, shortest float form, no spaces.

    Floats that hold whole numbers stay floats (`5.0`), because the schema has typed them. A setting that came after the
    first trials is left out while it has its default, so that it does not move the keys of those that are stored.
    """
    values = config.model_dump(mode="json")
    for (*sections, name), default in _later_settings(type(config)):
        part = reduce(getitem, sections, values)
        if part[name] == default:
            del part[name]
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def trial_key(config: TrialConfig) -> str:
    """First 64 bits of the SHA-256 of the canonical JSON, as 16 hexadecimal digits."""
    return hashlib.sha256(canonical_json(config).encode()).hexdigest()[:KEY_LENGTH]


def short_digest(parts: Iterable[str]) -> str:
    """Short hash of some parts in their order, for names that people read."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:SHORT_LENGTH]


def flatten(config: TrialConfig) -> dict[str, Any]:
    """All settings by dotted key, in the order of the schema."""
    return dict(leaves(config.model_dump(mode="json")))


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All values of nested settings, by dotted key."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def differences(configs: Sequence[TrialConfig]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Settings that all configurations share, and what each has of its own."""
    flat = [flatten(config) for config in configs]
    shared = [key for key in flat[0] if all(key in other and other[key] == flat[0][key] for other in flat)]
    common = {key: flat[0][key] for key in shared}
    return common, [{key: value for key, value in one.items() if key not in common} for one in flat]


@cache
def _later_settings(kind: type[TrialConfig]) -> list[tuple[list[str], Any]]:
    """Path and default of each setting that the first trials did not have."""
    default = kind.model_validate({})
    first = kind.FIRST_SETTINGS
    later = [] if first is None else [(key, value) for key, value in flatten(default).items() if key not in first]
    return [(key.split("."), value) for key, value in later]
