"""Builds all forms of a report from a storage folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.atomic_write import write_atomic
from experiments.errors import Problem
from experiments.expand import Study, Trial
from reports.cells import Table
from reports.evaluations import Curve, read_curve
from reports.figures.learning_curves import learning_curves
from reports.figures.parameter_curve import parameter_curve
from reports.official import left_out, read_official_evaluations
from reports.pictures import collect_pictures
from reports.render import csv_file, html, latex, markdown
from reports.render.math_label import in_unicode
from reports.results import read_trials
from reports.table import build_table


@dataclass(frozen=True)
class Report:
    """What was built."""

    table: Table
    files: tuple[Path, ...]
    """All files written, the page last."""
    measured: int
    """Cells with a number."""
    missing: int
    """Cells without one, including those of tasks that the scale does not train."""
    problems: tuple[Problem, ...]
    """Stored files that could not be used."""


def build_report(study: Study, trials: Sequence[Trial], storage: Path, out: Path) -> Report:
    """Writes table, figures, pictures and page; the same storage always gives the same bytes.

    Args:
        study: the experiment at one scale.
        trials: its trials; without data fingerprint they match stored trials on any data.
        storage: folder that holds `trials/`.
        out: folder for the report, made when absent; existing files of the same names are replaced.

    Raises:
        InputError: the figure's parameter is no number in some variant.
        OSError: the folder cannot be written.
    """
    stored = read_trials(storage)
    official, doubtful = read_official_evaluations(storage)
    table = build_table(study, trials, stored, official)
    curves = {run.key: read_curve(run.stored.path) for row in table.rows for runs in row.runs.values() for run in runs}
    pictures, unusable = collect_pictures(table)
    problems = (
        *(trial.problem for trial in stored if trial.problem is not None),
        *(problem for curve in curves.values() for problem in curve.problems),
        *unusable,
        *doubtful,
        *left_out(official, trials, (record.key for record in table.official)),
    )
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(study.name).name)
    figures = _figures(study, trials, table, curves, name)
    contents: dict[str, str | bytes] = {
        f"{name}.md": markdown.render(table),
        f"{name}.tex": latex.render(table, name),
        f"{name}_standalone.tex": latex.render_standalone(table, name),
        f"{name}.csv": csv_file.render(table),
        **{f"{figure.name}.svg": figure.svg for figure in figures},
        **{f"{figure.name}.png": figure.png for figure in figures},
        **{f"pictures/{picture.file}": picture.content for picture in pictures},
        "index.html": html.render(table, figures, pictures, problems),
    }
    files = tuple(write_atomic(out / file, content) for file, content in contents.items())
    measured = sum(cell.summary is not None for cell in table.cells)
    return Report(table, files, measured, len(table.cells) - measured, problems)


def _figures(
    study: Study, trials: Sequence[Trial], table: Table, curves: Mapping[str, Curve], name: str
) -> list[html.Figure]:
    figures: list[html.Figure] = []
    parameter = parameter_curve(study, trials, table)
    if parameter is not None and study.experiment.figure is not None:
        label = study.experiment.figure.label
        description = f"Scores of Table {table.number} against {in_unicode(label)}; the table holds the same numbers."
        figures.append(html.Figure(f"{name}_parameter", f"Score against {label}", description, *parameter))
    learning = learning_curves(table, curves)
    if learning is not None:
        description = "Validation score of every trial over its optimiser steps."
        figures.append(html.Figure(f"{name}_learning", "Learning curves", description, *learning))
    return figures
