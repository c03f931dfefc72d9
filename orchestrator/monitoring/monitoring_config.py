"""How a run is watched: options of `combo run` that no trial sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

LogFormat = Literal["text", "json"]


@dataclass(frozen=True)
class MonitoringConfig:
    """Metrics and log of the driver; the fields are also options, as those of `RunConfig` are."""

    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Serve metrics of the sweep to Prometheus at this port of 127.0.0.1.  [default: none]",
        ),
    ] = None
    notify: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND|URL",
            envvar="COMBO_NOTIFY",
            show_envvar=True,
            help="Tell a command (message as its last word, JSON as its input) or a webhook (JSON) when a trial fails "
            "for good and when the sweep ends.  [default: nobody]",
        ),
    ] = None
    log_format: Annotated[
        LogFormat, typer.Option(help="Progress as text, or as JSON objects on lines of their own.")
    ] = "text"
