"""Where MLflow shows the run of a sweep, as a line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.printed_commands import Caller
    from orchestrator.settings import Settings

PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "3", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""For a server that is away: the line is a convenience."""


def mlflow_line(settings: Settings, sweep: str, caller: Caller) -> str:
    """Where MLflow shows a sweep, and for the embedded MLflow what opens it; or why MLflow cannot tell.

    Empty where MLflow has no run of it.

    Args:
        settings: MLflow's address and storage.
        sweep: its name.
        caller: how the user calls `combo`.
    """
    from experiments.errors import InputError
    from orchestrator.tracking.failures import told_in_one_sentence
    from orchestrator.tracking.run_links import sweep_link

    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    try:
        with told_in_one_sentence(settings):
            link = sweep_link(settings, sweep)
    except InputError as error:
        return f"no link to MLflow: {error}"
    if link is None:
        return ""
    return f"in MLflow: {link}" + (f"  (while `{caller.command('mlflow')}` runs)" if settings.has_own_mlflow else "")
