"""The job that this process is, where `combo submit` has started it."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress

from orchestrator.jobs.client import SWEEP
from orchestrator.sweep.cluster import JOB_VARIABLE

END_SECONDS = 30.0
"""Time in which Ray ends a stopped job's process."""


def end_as_stopped() -> None:
    """Has Ray end this job as stopped: what ends itself early it calls failed. Elsewhere, does nothing."""
    job = _own_id()
    if job is None:
        return
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    sys.stdout.flush()
    with suppress(AuthenticationError, RuntimeError, OSError):
        JobSubmissionClient().stop_job(job)
        time.sleep(END_SECONDS)


def _own_id() -> str | None:
    """None for a job that somebody else has submitted: other things may follow in it."""
    metadata = json.loads(os.environ.get(JOB_VARIABLE, "{}")).get("metadata", {})
    return str(metadata["job_submission_id"]) if SWEEP in metadata else None
