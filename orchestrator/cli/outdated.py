"""What is said of finished trials that an older version of today's protocol scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.printed_commands import Caller
from experiments.scaled_experiment import ScaledExperiment
from experiments.trial import Trial


def rescore_commands(stale: Sequence[Trial], experiments: Sequence[ScaledExperiment], called: Caller) -> list[str]:
    """What to type so that they are scored again: a command for each experiment that holds some of them.

    Args:
        stale: the trials.
        experiments: that the command line names.
        called: how the user calls `combo`.
    """
    names = {trial.experiment for trial in stale}
    return [scaled.command("rescore", called) for scaled in experiments if scaled.name in names]


def told_outdated(stale: Sequence[Trial], commands: Sequence[str]) -> Iterator[str]:
    """A sentence for the terminal, and the commands, a line each; nothing where no score is outdated."""
    if stale:
        count = f"{len(stale)} finished trial{' was' if len(stale) == 1 else 's were'}"
        told = f"{count} scored under an older protocol; to score again from the stored weights"
        yield from (f"{told}: {command}" for command in commands)
