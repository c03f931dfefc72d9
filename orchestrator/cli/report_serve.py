"""`combo report serve`: a report that is built again whenever trials end, and the running sweep, on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ShownProtocolOption, StorageOption
from orchestrator.cli.caller import caller
from orchestrator.cli.plain_text import say
from orchestrator.cli.report_build import DEFAULT_OUT, MlflowUrlOption, ReportWords, WithoutMlflowOption, read_asked
from orchestrator.cli.view import ViewScaleOption

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.report_inputs.served_report import ServedReport

PORT = 8642


def serve(
    context: typer.Context,
    words: ReportWords = None,
    scale: ViewScaleOption = None,
    protocol: ShownProtocolOption = None,
    out: Annotated[Path, typer.Option(help="Folder of the site.")] = DEFAULT_OUT,
    storage: StorageOption = None,
    data: DataOption = None,
    mlflow_url: MlflowUrlOption = None,
    without_mlflow: WithoutMlflowOption = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 for any free port.")] = PORT,
    every: Annotated[int, typer.Option(min=1, max=3600, help="Seconds between two looks at the storage.")] = 5,
) -> None:
    """Serve the report to this machine, build it again whenever a trial ends, and show the running sweep.

    Ctrl-C ends it, never the trials.
    """
    from contextlib import suppress

    from rich.console import Console

    from orchestrator.report_inputs.building import ReportBuilder
    from orchestrator.report_inputs.served_report import ServedReport
    from orchestrator.report_inputs.site_server import serving_site

    console = Console(highlight=False)
    view, asked = read_asked(words or [], scale, storage, data, out)
    view.say_remark(console)
    pages = None if without_mlflow else (mlflow_url or "")
    called = caller(context, storage, view.data)
    report = ServedReport(
        ReportBuilder(asked, view.settings, out, pages, called, protocol, is_served=True),
        words or [],
        view.scale,
        every,
    )
    with serving_site(out, port, report.written, report.live_file) as address:
        say(f"serving {address} and {address}live.html to this machine; Ctrl-C ends it", console)
        with suppress(KeyboardInterrupt):
            _keep_up(report, every, console)


def _keep_up(report: ServedReport, every: int, console: Console) -> None:
    while True:
        told = report.look()
        if told:
            say(told, console)
        time.sleep(every)
