"""The Ray job that runs this process, if `combo submit` started it."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress

from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.sweep.cluster import JOB_VARIABLE

END_SECONDS = 30.0
"""Time in which Ray ends a stopped job's process."""


def end_as_stopped() -> None:
    """Asks Ray to stop this job, as Ray calls a job failed that exits by itself. Does nothing outside a job."""
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
    """Id of this job; None for a job that `combo submit` did not start, as other commands may follow in it."""
    metadata = json.loads(os.environ.get(JOB_VARIABLE, "{}")).get("metadata", {})
    return str(metadata["job_submission_id"]) if SWEEP_TAG in metadata else None
