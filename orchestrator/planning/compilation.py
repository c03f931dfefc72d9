"""Whether trials can be compiled as asked."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.errors import InputError, Problem
from experiments.trial import Trial
from model.config import RECORDING
from orchestrator.run_config import RunConfig


def refuse_recording(trials: Iterable[Trial], config: RunConfig, gpus: float | None = None) -> None:
    """Refuses CUDA graphs where there is no GPU, and of divided batches; `model.training.acceleration` says why.

    Args:
        trials: with the workers that they are to have.
        config: of the run.
        gpus: of each worker; None where that is not known yet.

    Raises:
        InputError: one sentence.
    """
    if config.compilation != RECORDING:
        return
    remedy = "compile with --compile"
    if gpus == 0:
        raise InputError(Problem("--cuda-graphs", "workers have no GPU", remedy))
    for trial in trials:
        batch = trial.config.training.batch
        if trial.workers > 1 or (config.micro_batch or batch) < batch:
            how = "several workers" if trial.workers > 1 else "micro-batches"
            what = f"{trial.label} has {how}, of which no CUDA graphs are recorded"
            raise InputError(Problem("--cuda-graphs", what, remedy))
