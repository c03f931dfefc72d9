"""Field types of stored documents: numbers are finite and fit into 64 bits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field


def parse_moment(text: str) -> datetime:
    """A stored moment; one without a time zone is in UTC.

    Raises:
        ValueError: it is not ISO 8601, or no calendar has it.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no moment as ISO 8601 writes it") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _checked(text: str) -> str:
    parse_moment(text)
    return text


FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Seconds since the epoch at the start of year 1 and at the end of year 9999."""

Count = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
Ordinal = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
"""Counts from 1."""
WorkerCount = Annotated[int, Field(ge=1, lt=2**31, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Sum = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
Seconds = Annotated[float, Field(ge=0, lt=2**40, allow_inf_nan=False, strict=True)]
"""A duration."""
EpochSeconds = Annotated[float, Field(ge=FIRST_SECOND, le=LAST_SECOND, allow_inf_nan=False, strict=True)]
Moment = Annotated[str, AfterValidator(_checked)]
"""ISO 8601 in UTC."""
PROCESS = r"(?P<where>[^/]+/[^/]+)/(?P<pid>[0-9]{1,18})/(?P<start>[0-9]{1,18})"
"""`<boot>/<namespace>/<pid>/<start>`."""
Process = Annotated[str, Field(pattern=rf"^({PROCESS})?$")]
"""As `PROCESS`; empty if the process cannot be identified."""
