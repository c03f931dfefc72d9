"""The papers' figures that show data, as `experiments/figures/*.yaml` define them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments.errors import InputError, Problem, did_you_mean, validate
from experiments.figure_schema import (
    AttentionMaps,
    Comparison,
    Figure,
    FigureFile,
    FigureRow,
    HeatMaps,
    MaskigeRows,
    Shown,
    SubTasks,
    Trained,
)
from experiments.load_experiment import load_experiment
from experiments.schema import Paper
from experiments.target_files import shown
from experiments.yaml_files import read_yaml

FOLDER = Path(__file__).parent / "figures"


def load_figures(paper: Paper) -> FigureFile:
    """All figures of a paper.

    Raises:
        InputError: mistakes in the file, or it names an experiment, a task or a variant that is not there.
    """
    return read_figures(FOLDER / f"{paper}.yaml")


def read_figures(path: Path) -> FigureFile:
    """Reads and checks a file of figures; raises what `load_figures` raises."""
    file = shown(path)
    figures = validate(FigureFile, read_yaml(path, file), file)
    problems = [
        problem for figure in figures.figures for problem in _unknown(figure, f"{file}: figure {figure.number}")
    ]
    if problems:
        raise InputError(*problems)
    return figures


def trained_in(figure: Figure) -> list[Trained]:
    """The experiments whose predictions a figure shows."""
    match figure:
        case HeatMaps() | AttentionMaps():
            return [figure.trained]
        case Comparison():
            return list(figure.blocks)
    return []


def rows_of(figure: Figure) -> list[FigureRow]:
    """The variants whose predictions a figure shows."""
    return list(figure.rows) if isinstance(figure, HeatMaps | AttentionMaps | Comparison) else []


def samples_of(figure: Figure) -> list[Shown]:
    """The clips of the data folder that a figure shows."""
    return list(figure.samples) if isinstance(figure, MaskigeRows | SubTasks) else []


def proposers_of(figure: Figure) -> list[str]:
    """The proposers whose Maskiges a figure looks for."""
    return [row.proposer for row in (*figure.proposers, *figure.further)] if isinstance(figure, MaskigeRows) else []


def _unknown(figure: Figure, where: str) -> Iterator[Problem]:
    for trained in trained_in(figure):
        experiment = load_experiment(trained.experiment).experiment
        if trained.task not in experiment.tasks:
            known = did_you_mean(trained.task, list(experiment.tasks))
            yield Problem(where, f"{trained.experiment} has no task '{trained.task}'", known)
        variants = [variant.name for variant in experiment.variants]
        for row in rows_of(figure):
            if row.variant not in variants:
                what = f"{trained.experiment} has no variant '{row.variant}'"
                yield Problem(where, what, did_you_mean(row.variant, variants))
