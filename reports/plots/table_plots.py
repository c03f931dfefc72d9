"""All plots that belong to a table."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial
from reports.drawing.plot import Plot
from reports.plots.learning_curves import learning_curves
from reports.plots.parameter_curve import parameter_curve
from reports.plots.published_methods import published_methods
from reports.plots.size_and_score import size_and_score
from reports.slugs import slug
from reports.stored.results import Results
from reports.tables.cells import Table


def plots_of(scaled: ScaledExperiment, trials: Sequence[Trial], table: Table, results: Results) -> list[Plot]:
    """The plots in the order in which they are shown; those for which there is nothing to draw are left out.

    Their files are named after the experiment, such as `combo-table7-learning`.

    Args:
        scaled: the experiment at one scale.
        trials: its trials.
        table: its table.
        results: of the storage.

    Raises:
        InputError: a figure's parameter is no number in some variant.
    """
    base = slug(scaled.name)
    plots = (
        published_methods(table, f"{base}-comparison"),
        parameter_curve(scaled, trials, table, f"{base}-parameter"),
        size_and_score(table, f"{base}-size"),
        learning_curves(table, results, f"{base}-learning"),
    )
    return [plot for plot in plots if plot is not None]
