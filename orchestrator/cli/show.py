"""`combo show`: what an experiment resolves to."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.arguments import ScaleOption, Words, read_experiments


def show(
    words: Words,
    scale: ScaleOption = "full",
    as_json: Annotated[bool, typer.Option("--json", help="Full configurations as JSON lines.")] = False,
) -> None:
    """Print the resolved trials of experiments; reads no data and starts nothing."""
    import json

    from experiments.expand import expand

    trials = [trial for scaled in read_experiments(words, scale) for trial in expand(scaled)]
    if as_json:
        for trial in trials:
            record = {"study": trial.experiment, "variant": trial.variant, "workers": trial.workers}
            typer.echo(json.dumps({**record, "config": trial.config.model_dump(mode="json")}))
        return

    from rich.console import Console
    from rich.table import Table

    from experiments.identity import differences

    console = Console()
    for model in dict.fromkeys(trial.config.model.name for trial in trials):
        of_model = [trial for trial in trials if trial.config.model.name == model]
        common, own = differences([trial.config for trial in of_model])
        table = Table("variant", "task", "seed", "workers", "settings that differ between trials", box=None)
        for trial, settings in zip(of_model, own, strict=True):
            chosen = "  ".join(f"{key}={value}" for key, value in settings.items() if key not in ("seed", "data.task"))
            table.add_row(trial.variant, trial.task, str(trial.seed), str(trial.workers), chosen)
        console.print(table)
        console.print(f"\nSettings of all {len(of_model)} trials of {model}:", style="bold")
        for key, value in common.items():
            console.print(f"  {key}: {json.dumps(value)}", markup=False, highlight=False, soft_wrap=True)
        console.print()
