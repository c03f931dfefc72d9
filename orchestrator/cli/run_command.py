"""The words and options that `combo run`, `combo retry` and `combo submit` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, ScaleOption, StorageOption, Words
from orchestrator.monitoring.monitoring_config import MonitoringConfig
from orchestrator.run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class RunCommand:
    """What to run, how, and where; each field is an argument or an option, those of dataclasses included."""

    words: Words
    scale: ScaleOption = "full"
    config: RunConfig
    rerun: Annotated[
        bool,
        typer.Option(
            "--rerun",
            help="Train all of these trials again from the start; what they have so far is kept below earlier/ in "
            "their folders.",
        ),
    ] = False
    storage: StorageOption = None
    data: DataOption = None
    monitoring: MonitoringConfig
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show Ray's own messages.")] = False
