"""Whether the batches of trials can be divided among workers and into micro-batches."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.errors import InputError, Problem
from experiments.trial import Trial
from model.config import OptimConfig, TrainingConfig, TrialConfig


def refuse_uneven(trials: Iterable[Trial]) -> None:
    """Refuses trials whose clips do not divide among their workers.

    Raises:
        InputError: all problems at once.
    """
    uneven = {(trial.config.training.batch, trial.workers) for trial in trials}
    problems = [
        Problem(
            "training.batch",
            f"{batch} clips do not divide among {workers} workers",
            "choose a number of workers that divides it",
        )
        for batch, workers in sorted(uneven)
        if batch % workers
    ]
    if problems:
        raise InputError(*problems)


def refuse_divided(trials: Iterable[Trial], micro_batch: int | None = None) -> None:
    """Refuses trials whose batches are to be divided, though their networks need each batch in one place.

    Networks are built, without memory, only for trials whose batches are to be divided at all, and whose settings do
    not tell already that they may be: that takes PyTorch, seconds and 0.7 GB.

    Args:
        trials: with the workers that they are to have.
        micro_batch: clips per forward pass of a worker; None for its whole share.

    Raises:
        InputError: one problem per reason, with the first of the trials that it holds for.
        BackboneError: a backbone cannot be built.
    """
    refused: dict[tuple[str, str], list[Trial]] = {}
    reasons: dict[TrialConfig, str] = {}
    for trial in trials:
        if (asked := _division(trial, micro_batch)) and not trial.config.is_known_to_divide:
            network = _network_only(trial.config)
            if network not in reasons:
                reasons[network] = _refusal(network)
            if reasons[network]:
                refused.setdefault((asked, reasons[network]), []).append(trial)
    problems = []
    for (asked, reason), same in refused.items():
        what, _, remedy = reason.partition(": ")
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        problems.append(Problem(f"{same[0].label}{more}, {asked}", what, remedy))
    if problems:
        raise InputError(*problems)


def _division(trial: Trial, micro_batch: int | None) -> str:
    """How a trial's batches are to be divided, for messages; empty where they are not."""
    share = trial.config.training.batch // trial.workers
    parts = [f"with {trial.workers} workers"] if trial.workers > 1 else []
    parts += [f"in micro-batches of {micro_batch}"] if micro_batch is not None and micro_batch < share else []
    return " and ".join(parts)


def _network_only(config: TrialConfig) -> TrialConfig:
    """A configuration of the same network, alike for trials that differ elsewhere; it can be hashed."""
    alike = {"seed": 0, "initial_trial": None, "optim": OptimConfig(), "training": TrainingConfig()}
    return config.model_copy(update=alike)


def _refusal(config: TrialConfig) -> str:
    """See `Network.refusal_to_split`."""
    from model.weights.parameter_counts import network_without_memory

    return network_without_memory(config).refusal_to_split()
