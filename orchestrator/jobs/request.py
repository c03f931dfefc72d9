"""A `combo run` as a job: its experiments, settings and options, with paths that the cluster can reach."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.errors import InputError, Problem
from orchestrator.jobs.environment import ON_THE_NODES
from orchestrator.redaction import carries_credentials

ENTRY = ("python", "-m", "orchestrator.cli", "run")
PLACES = {"--storage": "COMBO_STORAGE", "--data": "COMBO_DATA"}
"""Options that a job must be given, with the variables that stand in for them."""
FILES = ("--vggish-weights", "--backbone-weights")
"""Options that name files; a file may stand behind a name, as in `resnet50=FILE`."""


@dataclass(frozen=True)
class JobRequest:
    """A job to submit to Ray Jobs."""

    sweep: str
    """Files and scales, as the sweep's name has them."""
    content_part: str
    """Digest of the experiments or search, before they are bound to data."""
    command: Sequence[str]
    """Words of the command that runs it."""
    variables: Mapping[str, str]
    """Environment variables of the driver and all workers."""

    @property
    def entrypoint(self) -> str:
        """The command as the shell of the cluster reads it."""
        return shlex.join(self.command)


def job_command(words: Sequence[str], options: Sequence[tuple[str, str]], environ: Mapping[str, str]) -> list[str]:
    """The command that a job runs.

    Args:
        words: experiments and settings, as the job will find them.
        options: of `combo run`, each with its value; a switch has none.
        environ: the variables of this process, for a storage or data folder that no option names.

    Raises:
        InputError: a path is missing, means nothing on the cluster, or carries credentials; all problems at once.
    """
    not_given = {option: name for option, name in PLACES.items() if option not in dict(options)}
    options = [*options, *((option, environ[name]) for option, name in not_given.items() if environ.get(name))]
    problems = [*_left_here(environ), *_missing(dict(options)), *_not_there(options), *_open_secrets(words, options)]
    if problems:
        raise InputError(*problems)
    return [*ENTRY, *words, *(part for option in options for part in option if part)]


def _left_here(environ: Mapping[str, str]) -> Iterator[Problem]:
    if derived := environ.get("COMBO_DERIVED"):
        yield Problem(
            f"COMBO_DERIVED={derived}", "does not travel with a job", "unset it, and name that folder with --data"
        )


def _missing(given: Mapping[str, str]) -> Iterator[Problem]:
    for option, variable in PLACES.items():
        if option not in given:
            remedy = f"pass it, or set {variable}, with an absolute path that all nodes of the cluster share"
            yield Problem(option, "is needed: a cluster has no default of its own", remedy)


def _not_there(options: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    for option, value in options:
        if option not in (*PLACES, *FILES):
            continue
        path = value.rpartition("=")[2] if option in FILES else value
        is_address = option == "--storage" and re.match(r"[a-z][a-z0-9+.-]*:/", path)
        if not is_address and not path.startswith("/"):
            remedy = "name an absolute path that all nodes of the cluster share"
            yield Problem(f"{option} {value}", "is a path below a folder of this machine", remedy)


def _open_secrets(words: Sequence[str], options: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    for word, shown in (*((word, "a word") for word in words), *((value, option) for option, value in options)):
        if carries_credentials(word):
            remedy = f"leave them out, and set them on the cluster's nodes, {ON_THE_NODES}"
            yield Problem(shown, "carries credentials, which the cluster's dashboard would show", remedy)
