"""`combo model`: weights on disk, and what they are good for."""

from __future__ import annotations

import typer

from orchestrator.cli import evaluate, predict, register, summary, weights
from orchestrator.cli.file_command import FileCommand

app = typer.Typer(help="Import, export, score and use models.", no_args_is_help=True)
app.command("import", cls=FileCommand)(weights.import_weights)
app.command("export")(weights.export_weights)
app.command("summary")(summary.summary)
app.command("evaluate")(evaluate.evaluate)
app.command("predict", cls=FileCommand)(predict.predict)
app.command("register")(register.register)
