"""`combo mlflow`: browse the runs."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from orchestrator.cli.arguments import StorageOption


def mlflow(
    storage: StorageOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; beyond this machine only with a password.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 5000,
) -> None:
    """Open MLflow's own pages on the runs in the storage folder, until Ctrl-C."""
    from experiments.errors import InputError, Problem
    from orchestrator.redaction import redacted
    from orchestrator.settings import resolve_settings
    from orchestrator.sqlite_url import sqlite_file
    from orchestrator.tracking.run_links import experiment_links
    from orchestrator.tracking.server import refuse_open_host, serve

    settings = resolve_settings(storage)
    if sqlite_file(settings.tracking_uri) is None:
        typer.echo(f"MLflow runs elsewhere: {redacted(settings.tracking_uri)}")
        return
    if not settings.storage.root.is_dir():
        raise InputError(
            Problem(str(settings.storage), "holds no runs yet", "run an experiment first, or name --storage")
        )
    refuse_open_host(host, os.environ)
    pages = f"http://{host}:{port}"
    typer.echo(f"MLflow: {pages}  (Ctrl-C ends it)")
    for name, address in experiment_links(settings, pages).items():
        typer.echo(f"{name}: {address}")
    serve(settings, host, port)
