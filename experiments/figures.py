"""The papers' figures that show data, as the `figures.yaml` of each defines them."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.errors import InputError, Problem, did_you_mean
from experiments.figure_schema import (
    AnyFigure,
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
from experiments.papers import FIGURES, Paper, shown
from experiments.target_files import word_of
from experiments.validate import validate
from experiments.yaml_files import read_yaml


def load_figures(paper: Paper) -> tuple[AnyFigure, ...]:
    """All figures of a paper; none where it has no `figures.yaml`.

    Raises:
        InputError: mistakes in the file, or it names an experiment, a task or a variant that is not there.
    """
    path = paper.folder / FIGURES
    if not path.is_file():
        return ()
    file = shown(path)
    figures = validate(FigureFile, read_yaml(path, file), file).figures
    problems = [problem for figure in figures for problem in _unknown(figure, paper, f"{file}: figure {figure.number}")]
    if problems:
        raise InputError(*problems)
    return tuple(figures)


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


def _unknown(figure: Figure, paper: Paper, where: str) -> Iterator[Problem]:
    for trained in trained_in(figure):
        path = paper.path(trained.experiment)
        if not path.is_file():
            what = f"names no experiment of {paper.name}: '{trained.experiment}'"
            yield Problem(where, what, did_you_mean(trained.experiment, [one.stem for one in paper.experiments()]))
            continue
        experiment = load_experiment(word_of(path)).experiment
        if trained.task not in experiment.tasks:
            known = did_you_mean(trained.task, list(experiment.tasks))
            yield Problem(where, f"{trained.experiment} has no task '{trained.task}'", known)
        variants = [variant.name for variant in experiment.variants]
        for row in rows_of(figure):
            if row.variant not in variants:
                what = f"{trained.experiment} has no variant '{row.variant}'"
                yield Problem(where, what, did_you_mean(row.variant, variants))
