"""`combo model register`: a trial's weights as a version of a registered model."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.arguments import StorageOption
from orchestrator.cli.plain_text import say


def register(
    trial: Annotated[str, typer.Argument(help="The key of a finished trial.")],
    name: Annotated[str, typer.Option(help="Of the registered model; made if it is new.")],
    storage: StorageOption = None,
) -> None:
    """Copy the tested weights of a trial to MLflow and register them; `mlflow.pyfunc.load_model` loads them.

    The version carries the trial key, the checksum of the weights, the protocol and the scores.
    """
    import re

    from rich.console import Console

    from experiments.errors import InputError, Problem
    from experiments.identity import TRIAL_KEY
    from orchestrator.settings import resolve_settings

    if not TRIAL_KEY.fullmatch(trial):
        raise InputError(Problem(f"'{trial}'", "is no trial key", "combo status lists them"))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise InputError(Problem(f"--name '{name}'", "can be no name of a model", "use letters, digits, - _ and ."))
    settings = resolve_settings(storage)

    from orchestrator.tracking.failures import told_in_one_sentence
    from orchestrator.tracking.registration import register as put_into_registry

    with told_in_one_sentence(settings):
        version, is_new = put_into_registry(settings, trial, name)
    say(f"{'registered as' if is_new else 'is registered already:'} models:/{name}/{version}", Console(highlight=False))
