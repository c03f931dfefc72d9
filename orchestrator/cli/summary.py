"""`combo model summary`: how large a network is, module by module."""

from __future__ import annotations

from orchestrator.cli.arguments import AssignmentWords, PresetOption, TaskOption
from orchestrator.cli.json_output import JsonOption, print_json


def summary(
    preset: PresetOption,
    task: TaskOption,
    words: AssignmentWords = None,
    as_json: JsonOption = False,
) -> None:
    """Print how many parameters each module of a network has; builds no weights and needs no files."""
    from dataclasses import asdict

    from experiments.overrides import parse_assignments
    from experiments.papers import paper_here
    from experiments.presets import resolve_preset
    from model.interface import model_of
    from model.weights.parameter_counts import count_parameters

    config = resolve_preset(preset, task, parse_assignments(words or []), paper_here())
    counts = count_parameters(config)
    if as_json:
        print_json(asdict(counts))
        return

    from rich.console import Console
    from rich.table import Table

    table = Table("module", box=None)
    table.add_column("parameters", justify="right")
    for module, count in counts.modules.items():
        table.add_row(module, f"{count:,}")
    table.add_section()
    table.add_row("total", f"{counts.total:,}", style="bold")
    table.add_row("trainable", f"{counts.trainable:,}", style="bold")
    console = Console(highlight=False)
    console.print(table)
    if note := model_of(config).counts_explained.get(counts.total):
        console.print(f"\n{note}")
