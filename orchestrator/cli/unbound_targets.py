"""Experiments or a search that are not bound to data, read from their files alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from experiments.expand import expand
from experiments.named_targets import named_targets
from experiments.overrides import names_and_assignments
from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial
from orchestrator.cli.arguments import read_experiments
from orchestrator.cli.chosen_targets import names_search


@dataclass(frozen=True)
class UnboundTargets:
    """The parts of a sweep's name, see `orchestrator.planning.sweep_names`, before it is bound to data."""

    experiments: Sequence[ScaledExperiment]
    """None of a search."""
    trials: Sequence[Trial]
    """All of experiments; of a search one that stands for its points."""
    file_part: str
    content_part: str


def read_unbound_targets(words: Sequence[str], scale: str) -> UnboundTargets:
    """Loads what the words name, and finds all mistakes in it.

    Raises:
        InputError: a file or an override has mistakes, or a search stands beside something else.
    """
    from orchestrator.planning.sweep_names import content_part, file_part
    from orchestrator.targets import read_search

    if names_search(words):
        names, assigned = names_and_assignments(words)
        search = read_search(named_targets(names), assigned, scale)
        any_point = replace(search.trial({}), variant="any point")
        return UnboundTargets((), [any_point], search.file_part, search.content_part)
    experiments = read_experiments(words, scale)
    trials = [trial for scaled in experiments for trial in expand(scaled)]
    return UnboundTargets(experiments, trials, file_part(experiments), content_part(trials))
