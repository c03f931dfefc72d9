"""Entry point of the `combo` command: its verbs, and the boundary where mistakes become one clear sentence."""

from __future__ import annotations

import sys

from experiments.errors import InputError
from model.data.errors import DataError
from model.layers.errors import BackboneError
from model.training.errors import ExecutionError
from model.weights.errors import CheckpointError
from orchestrator.cli.active_profile import with_profile
from orchestrator.cli.exit_codes import INPUT_ERROR, INTERRUPTED, STORAGE_FULL
from orchestrator.cli.lazy_group import Verb, lazy_group
from orchestrator.cli.plain_text import printable
from orchestrator.storage.errors import OUT_OF_SPACE, StorageError

REFUSALS = (DataError, BackboneError, ExecutionError, StorageError, FloatingPointError, OSError)
"""Errors whose text is the sentence that a user needs."""

VERBS = (
    Verb("list", "catalogue:catalogue", "List experiments, searches, presets and models.", "Experiments"),
    Verb("new", "new:new", "Make a folder for a paper of your own.", "Experiments"),
    Verb("schema", "schema:schema", "Print JSON schemas of YAML files, for editors.", "Experiments"),
    Verb("show", "show:show", "Print what experiments resolve to.", "Experiments"),
    Verb("plan", "plan:plan", "Print what a run of experiments would do, share and cost.", "Experiments"),
    Verb("run", "run:run", "Train the trials that have no result yet.", "Sweeps"),
    Verb("submit", "submit:submit", "Run experiments on a cluster, as a Ray job.", "Sweeps"),
    Verb("status", "status:status", "Print the state of every trial of experiments.", "Sweeps"),
    Verb("watch", "status:watch", "Show the state of trials as it changes.", "Sweeps"),
    Verb("stop", "stop:stop", "Ask running trials to write a checkpoint and end.", "Sweeps"),
    Verb("retry", "run:retry", "Give trials that failed by their own fault another attempt.", "Sweeps"),
    Verb("rescore", "rescore:rescore", "Score finished trials under a newer protocol, from their weights.", "Sweeps"),
    Verb("reproduce", "reproduce:reproduce", "Train finished trials again, and compare with what is stored.", "Sweeps"),
    Verb("logs", "logs:logs", "Print what happened to trials.", "Sweeps"),
    Verb("report", "report:app", "Rebuild the papers' tables and figures from what is stored.", "Results"),
    Verb("mlflow", "mlflow:mlflow", "Open MLflow's own pages on the runs in the storage folder.", "Results"),
    Verb("sync", "sync:sync", "Make MLflow equal to storage.", "Results"),
    Verb("data", "data:app", "Make, check and prepare data sets.", "Data and models"),
    Verb("model", "model:app", "Import, export, score and use models.", "Data and models"),
    Verb("doctor", "doctor:doctor", "Check the set-up, and say what cures each fault.", "Storage and places"),
    Verb("profile", "profile:app", "Settings of places: laptop, lab, cloud.", "Storage and places"),
    Verb("storage", "storage:app", "Copy the trials of one storage into another.", "Storage and places"),
    Verb("gc", "gc:gc", "List what nothing needs any more, or delete it.", "Storage and places"),
    Verb(
        "up", "services:up", "Start MLflow, Postgres, an S3 store and a Ray head on this machine.", "Storage and places"
    ),
    Verb("down", "services:down", "Stop what `combo up` has started.", "Storage and places"),
)
app = lazy_group(
    "Experiments on audio-visual segmentation: sweeps on Ray, runs in MLflow, the papers' tables rebuilt.",
    VERBS,
    completes=True,
)
app.callback()(with_profile)


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
