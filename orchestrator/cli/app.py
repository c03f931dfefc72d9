"""Entry point of the `combo` command: its verbs, and the boundary where mistakes become one clear sentence."""

from __future__ import annotations

import sys

import typer

from experiments.errors import InputError
from model.data.errors import DataError
from model.layers.errors import BackboneError
from model.training.errors import ExecutionError
from model.weights.errors import CheckpointError
from orchestrator.cli import (
    active_profile,
    data,
    doctor,
    gc,
    logs,
    mlflow,
    model,
    plan,
    profile,
    report,
    run,
    services,
    show,
    status,
    stop,
    storage,
    submit,
    sync,
)
from orchestrator.cli.exit_codes import INPUT_ERROR, INTERRUPTED, STORAGE_FULL
from orchestrator.cli.plain_text import printable
from orchestrator.storage.errors import StorageError
from orchestrator.trial.failures import OUT_OF_SPACE

REFUSALS = (DataError, BackboneError, ExecutionError, StorageError, FloatingPointError, OSError)
"""Errors whose text is the sentence that a user needs."""

app = typer.Typer(
    name="combo",
    help="Experiments on audio-visual segmentation: sweeps on Ray, runs in MLflow, the papers' tables rebuilt.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(active_profile.with_profile)
app.command("show")(show.show)
app.command("plan")(plan.plan)
app.command("run")(run.run)
app.command("submit")(submit.submit)
app.command("status")(status.status)
app.command("watch")(status.watch)
app.command("stop")(stop.stop)
app.command("retry")(run.retry)
app.command("logs")(logs.logs)
app.command("gc")(gc.gc)
app.command("sync")(sync.sync)
app.command("mlflow")(mlflow.mlflow)
app.command("up")(services.up)
app.command("down")(services.down)
app.command("doctor")(doctor.doctor)
app.add_typer(report.app, name="report")
app.add_typer(data.app, name="data")
app.add_typer(model.app, name="model")
app.add_typer(storage.app, name="storage")
app.add_typer(profile.app, name="profile")


def main() -> None:
    """Runs the command line; exits with 2 on bad input, 4 on a full disk, 130 on Ctrl-C."""
    try:
        app(prog_name="combo")
    except InputError as error:
        for problem in error.problems:
            print(f"error: {printable(str(problem))}", file=sys.stderr)
        sys.exit(INPUT_ERROR)
    except CheckpointError as error:
        for sentence in error.args:
            print(f"error: {printable(sentence)}", file=sys.stderr)
        sys.exit(INPUT_ERROR)
    except REFUSALS as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        sys.exit(STORAGE_FULL if isinstance(error, OSError) and error.errno in OUT_OF_SPACE else INPUT_ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
