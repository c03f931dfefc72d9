"""`combo doctor`: is everything there that experiments need, and if not, what cures it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import DataOption, StorageOption
from orchestrator.cli.exit_codes import UNHEALTHY
from orchestrator.cli.findings import as_document, examine_all, totals
from orchestrator.cli.json_output import JsonOption, print_json


def doctor(
    vggish_weights: Annotated[Path | None, typer.Option(help="Check this file of VGGish's weights.")] = None,
    sam_weights: Annotated[Path | None, typer.Option(help="Check this file of SAM's weights.")] = None,
    storage: StorageOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check packages, machine, GPUs, collectives, Ray, storage, MLflow, data and weights; say what cures each fault.

    Ray is started for a moment, or the cluster at RAY_ADDRESS joined. Exits with 0 if nothing has failed, 1 if
    something has; a warning concerns some experiments only. Leaves nothing behind.
    """
    from rich.console import Console

    from orchestrator.doctor.checkup import checkup

    console = Console(highlight=False, stderr=as_json)
    checks = checkup(storage, data, vggish_weights, sam_weights)
    results = examine_all(checks, console, quiet=as_json)
    if as_json:
        print_json(as_document(results))
    findings = [finding for _, finding in results]
    console.print(totals(findings), style="bold")
    raise typer.Exit(UNHEALTHY if any(finding.verdict == "fail" for finding in findings) else 0)
