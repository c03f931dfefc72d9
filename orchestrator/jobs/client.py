"""The cluster's job server. Its errors become one clear sentence.

Importing this file does not import Ray.
"""

from __future__ import annotations

import logging
import re
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem
from orchestrator.environment import environment_variable
from orchestrator.jobs.interpreter import SETUP_HOOK
from orchestrator.jobs.job_files import JobFiles
from orchestrator.jobs.request import JobRequest
from orchestrator.planning.sweep_names import SWEEP_TAG
from orchestrator.redaction import redacted
from orchestrator.sweep.authentication import use_given_token

ANSWER_SECONDS = 5.0
AGENT_SECONDS = 60.0
CONTENT = "combo.question"
"""Metadata under which a job keeps the digest of its experiments or search."""
GOING = ("PENDING", "RUNNING")
ENDED = ("SUCCEEDED", "FAILED", "STOPPED")


@dataclass(frozen=True)
class JobState:
    """The state of a job."""

    id: str
    status: str
    """PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED."""
    message: str
    exit_code: int | None
    """Exit code of its command; None while it runs, or if it never ran."""

    @property
    def has_ended(self) -> bool:
        """Whether the job has ended."""
        return self.status in ENDED

    @property
    def sentence(self) -> str:
        """The state in a sentence, with the last line of output of a failed job."""
        if self.status != "FAILED":
            return f"job {self.id} is {self.status.lower()}"
        said = redacted(next((line for line in reversed(self.message.splitlines()) if line.strip()), "it says nothing"))
        code = "" if self.exit_code is None else f" with exit code {self.exit_code}"
        return f"job {self.id} failed{code}: {said}"


class JobServer:
    """A client of a cluster's job server.

    Args:
        address: of its dashboard, such as `http://head:8265`.

    Raises:
        InputError: nobody answers there, it is no Ray, or it does not know our token.
    """

    def __init__(self, address: str) -> None:
        self.address = _checked(address)
        _await_answer(self.address)
        use_given_token()
        from ray.job_submission import JobSubmissionClient

        for chatty in ("ray.dashboard.modules.dashboard_sdk", "ray._private.runtime_env.packaging"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        # Ray lets the environment overrule the address that it is given, which would send the job somewhere else.
        with environment_variable("RAY_API_SERVER_ADDRESS", self.address), self._asking():
            self._client = JobSubmissionClient(self.address)

    @property
    def shown(self) -> str:
        """The address for people, without a password in it."""
        return redacted(self.address)

    def submit(self, request: JobRequest, files: JobFiles, user: str) -> str:
        """Starts a job; returns its id.

        Args:
            request: what to run.
            files: the folder to run it in.
            user: who asks; shown beside the job.

        Raises:
            InputError: the same sweep is running, or the cluster refuses the job.
        """
        with self._asking():
            jobs = self._client.list_jobs()
        for job in jobs:
            if job.entrypoint == request.entrypoint and job.status.value not in ENDED:
                raise _is_running(request.sweep, job.submission_id, self.shown)
        name = _next_id(request.sweep, [job.submission_id or "" for job in jobs])
        with tempfile.TemporaryDirectory(prefix="combo-submit-") as folder, self._asking(f"job {name}"):
            files.pack(Path(folder))
            self._start(name, request, folder, {SWEEP_TAG: request.sweep, CONTENT: request.content_part, "user": user})
        return name

    def jobs(self, content_part: str | None = None) -> list[JobState]:
        """The jobs of experiments or a search, or all that run sweeps; the newest first.

        Args:
            content_part: digest of the experiments or search; None for all sweeps.

        Raises:
            InputError: the cluster refuses.
            OSError: the cluster does not answer.
        """
        with self._asking():
            listed = self._client.list_jobs()
        parts = [(job, (job.metadata or {}).get(CONTENT)) for job in listed]
        jobs = [job for job, part in parts if part is not None and content_part in (None, part)]
        return [
            JobState(job.submission_id or "", job.status.value, job.message or "", job.driver_exit_code)
            for job in sorted(jobs, key=lambda job: job.start_time or 0, reverse=True)
        ]

    def versions(self) -> dict[str, str]:
        """Versions of the cluster's `Ray` and `Python`; empty text for one that it does not tell.

        Raises:
            InputError: the cluster refuses.
            OSError: the cluster does not answer.
        """
        with self._asking():
            answer = self._client._do_request("GET", "/api/v0/cluster_metadata").json()
        told = answer.get("data") or {}
        return {"Ray": str(told.get("rayVersion", "")), "Python": str(told.get("pythonVersion", ""))}

    def state(self, job: str) -> JobState:
        """The present state of a job.

        Raises:
            InputError: there is no such job.
            OSError: the cluster does not answer.
        """
        with self._asking(f"job {job}"):
            found: Any = self._client.get_job_info(job)
        return JobState(job, found.status.value, found.message or "", found.driver_exit_code)

    def output(self, job: str) -> str:
        """What its driver has printed.

        Raises:
            InputError: there is no such job.
            OSError: the cluster does not answer.
        """
        with self._asking(f"job {job}"):
            return str(self._client.get_job_logs(job))

    def _start(self, name: str, request: JobRequest, folder: str, metadata: dict[str, str]) -> None:
        """Submits, and retries while the head has no job agent yet, as in its first seconds."""
        from ray._private.ray_constants import WORKER_PROCESS_SETUP_HOOK_ENV_VAR

        end = time.monotonic() + AGENT_SECONDS
        # Ray turns its own option for this into a variable only where a driver connects, after the command has begun.
        variables = {**request.variables, WORKER_PROCESS_SETUP_HOOK_ENV_VAR: SETUP_HOOK}
        environment = {"working_dir": folder, "env_vars": variables}
        while True:
            try:
                self._client.submit_job(
                    entrypoint=request.entrypoint, submission_id=name, runtime_env=environment, metadata=metadata
                )
                return
            except RuntimeError as error:
                if "No available agent" not in str(error) or time.monotonic() > end:
                    raise
            time.sleep(1)

    @contextmanager
    def _asking(self, about: str = "") -> Iterator[None]:
        """Turns Ray's exceptions into an `InputError`; a failed connection stays an `OSError`, as it may recover."""
        from ray.exceptions import AuthenticationError

        where = " ".join(part for part in (f"Ray at {self.shown}", about) if part)
        try:
            yield
        except AuthenticationError as error:
            raise InputError(_refused(where, str(error))) from None
        except (RuntimeError, ValueError, KeyError) as error:
            raise InputError(_explained(where, str(error))) from None


def _checked(address: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+/?", address):
        raise InputError(
            Problem(f"--address {redacted(address)}", "is not the address of a dashboard", "such as http://head:8265")
        )
    return address.rstrip("/")


def _await_answer(address: str) -> None:
    """Fails if the server does not answer in time, as Ray's own client waits without a limit."""
    try:
        urllib.request.urlopen(f"{address}/api/version", timeout=ANSWER_SECONDS).close()
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        what = f"does not answer: {getattr(reason, 'strerror', None) or reason}"
        remedy = "check the address; behind a firewall, forward the dashboard's port"
        raise InputError(Problem(f"Ray at {redacted(address)}", what, remedy)) from None


def _refused(where: str, message: str) -> Problem:
    if "invalid" in message.lower():
        return Problem(where, "refuses the token", "set RAY_AUTH_TOKEN to the cluster's own")
    remedy = "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
    return Problem(where, "wants a token", remedy)


def _explained(where: str, message: str) -> Problem:
    if "status code 404" in message or "does not exist" in message:
        return Problem(where, "is not there", "the dashboard lists the cluster's jobs")
    if "already exists" in message:
        return Problem(where, "was submitted by somebody else just now", "follow that one with combo logs")
    if "404" in message or "ray_version" in message or "JSON" in message or "Expecting value" in message:
        return Problem(where, "is no Ray dashboard", "name the head's dashboard, such as http://head:8265")
    return Problem(where, f"refuses: {redacted(message.strip().splitlines()[-1][:500])}", "see the dashboard")


def _is_running(sweep: str, job: str | None, address: str) -> InputError:
    remedy = f"follow it with: combo logs {job} --follow --address {address}"
    return InputError(Problem(sweep, f"is running already, as job {job}", remedy))


def _next_id(sweep: str, known: list[str]) -> str:
    """The next unused job id of this sweep. Ray refuses an id that is used, so two submissions cannot share one."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", sweep)
    numbers = [int(found[1]) for name in known if (found := re.fullmatch(rf"{re.escape(stem)}-(\d+)", name))]
    return f"{stem}-{max(numbers, default=0) + 1}"
