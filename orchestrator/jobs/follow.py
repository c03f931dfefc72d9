"""Prints what a job's driver prints, until the job ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from experiments.errors import InputError, Problem
from orchestrator.jobs.client import JobServer, JobState

EVERY_SECONDS = 1.0
OUTAGE_SECONDS = 120.0
"""For so long a cluster may be silent; its head may be starting anew, or the network be away."""
NEVER_RAN = 1
"""Exit code for a job whose command has none: it was stopped, or could not start."""


def follow(server: JobServer, job: str, show: Callable[[str], None]) -> JobState:
    """Shows the output of a job from its beginning to its end; returns how it ended.

    Args:
        server: that has the job.
        job: its id.
        show: takes the next piece of text.

    Raises:
        InputError: there is no such job, or the cluster has been silent for too long.
    """
    shown, answered = 0, time.monotonic()
    while True:
        try:
            state = server.state(job)  # before the output: of a job that has ended nothing is missed
            output = server.output(job)
        except OSError:
            if time.monotonic() - answered > OUTAGE_SECONDS:
                remedy = f"the job may go on; to follow it again: combo logs {job} --follow --address {server.shown}"
                raise InputError(Problem(f"Ray at {server.shown}", "does not answer any more", remedy)) from None
        else:
            answered = time.monotonic()
            show(output[shown:])
            shown = len(output)
            if state.has_ended:
                return state
        time.sleep(EVERY_SECONDS)


def exit_code(state: JobState) -> int:
    """The job's exit code, or a substitute where it has none."""
    if state.status == "SUCCEEDED":
        return 0
    return state.exit_code or NEVER_RAN
