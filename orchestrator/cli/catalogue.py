"""`combo list`: what can be named, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from orchestrator.cli.json_output import JsonOption, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line(TypedDict):
    """An experiment, a search, a preset or a model."""

    kind: str
    name: str
    table: str
    """As it is typed, such as `combo/7`; empty for what fills no table."""
    title: str
    scales: list[str]
    """Beside `full`."""


def catalogue(as_json: JsonOption = False) -> None:
    """List experiments with the tables that they fill, searches, presets and models, and the scales that each has.

    Called in the folder of a paper of your own, it lists that paper too.
    """
    lines = [*_experiments(), *_searches(), *_presets(), *_models()]
    if as_json:
        print_json(lines)
        return

    from rich.console import Console
    from rich.table import Table

    shown = Table("name", "table", "what", "scales beside full", box=None)
    kind = ""
    for line in lines:
        if line["kind"] != kind:
            kind = line["kind"]
            shown.add_section()
            shown.add_row(kind, style="bold")
        shown.add_row(line["name"], line["table"], line["title"], " ".join(line["scales"]))
    console = Console(highlight=False)
    console.print(shown)
    console.print(
        "\ncombo show NAME prints the trials of an experiment, combo plan NAME what they would cost", style="dim"
    )


def _experiments() -> Iterator[Line]:
    from experiments.load_experiment import load_experiment
    from experiments.target_files import experiment_names

    for name in experiment_names():
        scaled = load_experiment(name)
        experiment = scaled.experiment
        table = f"{scaled.paper.name}/{experiment.table.number}"
        yield Line(kind="experiments", name=name, table=table, title=experiment.title, scales=list(experiment.scales))


def _searches() -> Iterator[Line]:
    from experiments.load_search import load_search
    from experiments.target_files import search_names

    for name in search_names():
        search = load_search(name).search
        yield Line(kind="searches", name=name, table="", title=search.title, scales=list(search.scales))


def _presets() -> Iterator[Line]:
    from experiments.papers import paper_here
    from experiments.presets import load_preset, preset_names

    own = paper_here()
    for name in preset_names(own):
        title = load_preset(name, "combo list", own).title
        yield Line(kind="presets", name=name, table="", title=title, scales=[])


def _models() -> Iterator[Line]:
    """The models; of one that a package brings, which package, and why it cannot be used if it cannot."""
    from model.config import config_class
    from model.registry import ModelError, model_names, model_package

    for name in model_names():
        package = model_package(name)
        try:
            title = f"trains {', '.join(task.upper() for task in config_class(name).TASKS)}"
            title += "" if package is None else f"; brought by {package}"
        except ModelError as error:
            title = str(error)
        yield Line(kind="models", name=name, table="", title=title, scales=[])
