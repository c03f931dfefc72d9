"""Identifies a process so that others on its machine can tell whether it still runs. Linux only."""

from __future__ import annotations

import os
import re
from pathlib import Path

from experiments.stored_types import PROCESS

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")
STATE, START_TIME = 0, 19
"""Fields of `/proc/<pid>/stat` after the command's closing bracket."""


def this_process() -> str:
    """`<boot>/<namespace>/<pid>/<start>`, or nothing where /proc does not tell.

    The start counts from boot, so that neither a jumping clock nor a pid that is used again deceives.
    """
    where, pid = _where(), os.getpid()
    stat = _stat(pid)
    return f"{where}/{pid}/{stat[START_TIME]}" if where and stat else ""


def is_dead(process: str) -> bool:
    """Whether a process of this machine, and of this container, has ended; False if that cannot be known."""
    named = re.fullmatch(PROCESS, process)
    if named is None or named["where"] != _where():
        return False
    stat = _stat(int(named["pid"]))
    return stat is None or stat[START_TIME] != named["start"] or stat[STATE] == "Z"


def _where() -> str:
    try:
        return f"{BOOT_ID.read_text().strip()}/{PID_NAMESPACE.readlink()}"
    except OSError:
        return ""


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()
