"""Runs a part of a check in a process of its own, which can be ended whatever it hangs in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress


class ProbeError(Exception):
    """The process failed, or was not done in time; says why in one line."""


def run_in_own_process(module: str, *arguments: str, seconds: float) -> str:
    """Runs `python -m module`; returns the last line that it printed.

    Args:
        module: of this package.
        arguments: its words.
        seconds: after which it is ended, with all that it started.

    Raises:
        ProbeError: it failed, or was ended.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ProbeError(f"no answer within {seconds:g} s") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise ProbeError(_last_line(err) or f"exit code {process.returncode}")
    return _last_line(out)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
