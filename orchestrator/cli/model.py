"""`combo model`: weights on disk, and what they are good for."""

from __future__ import annotations

from orchestrator.cli.file_command import FileCommand
from orchestrator.cli.lazy_group import Verb, lazy_group

app = lazy_group(
    "Import, export, score and use models.",
    (
        Verb(
            "import", "weights:import_weights", "Convert the authors' weights to a checkpoint of ours.", cls=FileCommand
        ),
        Verb("export", "weights:export_weights", "Write a checkpoint as a file that the authors' code loads."),
        Verb("summary", "summary:summary", "Print how many parameters each module of a network has."),
        Verb("evaluate", "evaluate:evaluate", "Score any checkpoint, trained here or imported."),
        Verb("predict", "predict:predict", "Segment the sounding objects of a video.", cls=FileCommand),
        Verb("register", "register:register", "Copy the tested weights of a trial to MLflow and register them."),
    ),
)
