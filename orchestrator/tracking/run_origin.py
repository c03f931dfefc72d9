"""Where a run comes from, in MLflow's own words: the command, the commit, the user."""

from __future__ import annotations

from experiments.printed_commands import Caller
from orchestrator.store.sweep_request import SweepRequest


def origin_tags(request: SweepRequest | None, commit: str | None) -> dict[str, str]:
    """Tags that fill MLflow's columns Source, Version and User.

    Args:
        request: what the sweep was asked for; None where that was not noted.
        commit: of the code, as in `experiments.records.Provenance`.
    """
    tags: dict[str, str] = {}
    if request is not None:
        # Of other types MLflow shows only what follows the last slash.
        tags |= {"mlflow.source.type": "JOB", "mlflow.source.name": command_of(request, "run")}
        tags |= {"mlflow.user": request.user}
    if commit is not None and not commit.startswith("unknown"):
        tags["mlflow.source.git.commit"] = commit.partition("+")[0]
    return {name: value for name, value in tags.items() if value}


def command_of(request: SweepRequest, verb: str, *options: str) -> str:
    """A command on what a sweep was asked for, such as `combo run combo/table7 --scale demo`."""
    return Caller(options=options).command(verb, request.words, request.scale)
