"""Settings of the command line that replace what the rows of an experiment compare."""

from __future__ import annotations

from experiments.overrides import assignment_words
from experiments.scaled_experiment import ScaledExperiment


def replaced_settings(scaled: ScaledExperiment) -> tuple[str, ...]:
    """A sentence for each setting of the command line that rows of the experiment set themselves.

    The command line comes last, so these rows are trained with its value and are called what they were.
    """
    told = []
    for key, value in scaled.assigned.items():
        rows = [variant.name for variant in scaled.experiment.variants if key in variant.overrides]
        if rows:
            (setting,) = assignment_words({key: value})
            told.append(f"{scaled.name}: {setting} replaces what rows set that keep their names: {', '.join(rows)}")
    return tuple(told)
