"""Does a cluster's job server answer with our token, and does it run the same Ray and Python?"""

from __future__ import annotations

import platform
from importlib.metadata import version

from experiments.errors import InputError
from orchestrator.doctor.finding import Finding, fail, ok
from orchestrator.jobs.versions import SAME


def look_at_job_server(address: str) -> Finding:
    """Asks for the versions, which needs the token.

    Args:
        address: of the dashboard.
    """
    from orchestrator.jobs.client import JobServer

    try:
        there = JobServer(address).versions()
    except InputError as error:
        (problem,) = error.problems
        return fail(f"{problem.where} {problem.what}", problem.remedy)
    here = {"Ray": version("ray"), "Python": platform.python_version()}
    differing = [f"{name} {there[name]} there and {here[name]} here" for name in here if there[name] != here[name]]
    if differing:
        return fail(f"{address} answers, but it has {', '.join(differing)}", SAME)
    return ok(f"{address} answers with our token; Ray {there['Ray']}, Python {there['Python']}")
