"""Can this package run on a cluster, by the versions that the cluster has?"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import metadata, requires

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from experiments.errors import InputError, Problem
from orchestrator.jobs.job_files import DISTRIBUTION

SAME = "use the same versions here and there, such as those of requirements.lock"


def refuse_unsuitable(there: Mapping[str, str], where: str) -> None:
    """Refuses a cluster whose Ray or Python this package does not run on.

    Those of this machine may differ from them: a job runs with the cluster's own.

    Args:
        there: version of the cluster's `Ray` and `Python`; empty text for one that it does not tell.
        where: the cluster, for messages.

    Raises:
        InputError: its versions are none of those that this package asks for.
    """
    wanted = {"Python": SpecifierSet(metadata(DISTRIBUTION)["Requires-Python"]), "Ray": _wanted("ray")}
    wrong = [
        f"{name} {there[name]}, not {specifier}"
        for name, specifier in wanted.items()
        if there.get(name) and not specifier.contains(there[name], prereleases=True)
    ]
    if wrong:
        raise InputError(Problem(where, f"has {' and '.join(wrong)}", SAME))


def _wanted(package: str) -> SpecifierSet:
    asked = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    return next(one.specifier for one in asked if one.name == package)
