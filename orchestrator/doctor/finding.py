"""Outcomes of checks, and how checks are carried out: each with a time limit, and none stops the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from orchestrator.redaction import redacted

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    verdict: Verdict
    """`warn` holds up some experiments only, `fail` all of them."""
    found: str
    cure: str = ""
    """One sentence that says what to do; empty if all is well."""


@dataclass(frozen=True)
class Check:
    """One thing to look at."""

    name: str
    look: Callable[[], Finding]
    seconds: float = 30.0
    """After which it counts as failed."""


def ok(found: str) -> Finding:
    """Nothing to do."""
    return Finding("ok", found)


def warn(found: str, cure: str) -> Finding:
    """Some experiments cannot run."""
    return Finding("warn", found, cure)


def fail(found: str, cure: str) -> Finding:
    """Experiments cannot run."""
    return Finding("fail", found, cure)


def examine(check: Check) -> Finding:
    """Carries out a check; an exception in it becomes a failed finding, without secrets.

    A check that hangs is left to itself: its thread ends with the program, the processes it started with their limits.
    """
    findings: list[Finding] = []
    thread = threading.Thread(target=lambda: findings.append(_guarded(check)), name=check.name, daemon=True)
    thread.start()
    thread.join(check.seconds)
    if not findings:
        return fail(f"no answer within {check.seconds:g} s", "look at the load of the machine and at its network")
    found = findings[0]
    return Finding(found.verdict, redacted(found.found), redacted(found.cure))


def _guarded(check: Check) -> Finding:
    try:
        return check.look()
    except Exception as error:
        what = (str(error).strip() or type(error).__name__).splitlines()[0]
        return fail(f"{type(error).__name__}: {what}", "mend what the message names, then run combo doctor again")
