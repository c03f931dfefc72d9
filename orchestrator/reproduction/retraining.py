"""Trains a trial again from its first step, in a folder that goes with the process; what is stored stays untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

import torch

from experiments.trial import Trial
from model.training.events import Evaluated, Event, Quarantined, Stepped, Tested
from model.training.fit import Execution, fit
from orchestrator.reproduction.measurements import Measurements
from orchestrator.storage.scratch import cache_folder, new_scratch, tie
from orchestrator.trial.measured_values import step_values, validation_values


@dataclass
class Retrained:
    """What training again gave."""

    measured: Measurements = field(default_factory=Measurements)
    quarantined: dict[str, set[str]] = field(default_factory=dict)
    """Clips by split that could not be used."""
    tested: Tested | None = None
    """The test, if all steps were trained; its folder lies in that of the retraining."""
    diverged: str = ""
    """What was not finite, which ended it."""


class Retraining:
    """One trial that is trained again, in a folder that goes when this object does.

    Args:
        trial: which.
        execution: on this machine; checkpoints go elsewhere than it says, and embeddings of sounds are computed anew.
        steps: how many; all of the trial's are followed by its test.
    """

    def __init__(self, trial: Trial, execution: Execution, steps: int) -> None:
        self._config, self._steps = trial.config, steps
        folder = new_scratch(cache_folder() / "reproductions")
        tie(folder, self)
        self._execution = replace(execution, checkpoints=folder / "checkpoints", sound_cache=None)

    def run(self, on_step: Callable[[], None], threads: int) -> Retrained:
        """Trains.

        Args:
            on_step: called after each step.
            threads: of PyTorch on the CPU.

        Raises:
            Exception: as for `fit`; what is not finite is part of the outcome.
        """
        outcome = Retrained()
        with _torch_threads(threads), closing(fit(self._config, self._execution)) as events:
            try:
                for event in events:
                    self._take(event, outcome)
                    if isinstance(event, Stepped):
                        on_step()
                    if self._is_end(event):
                        break
            except FloatingPointError as error:
                outcome.diverged = str(error)
        return outcome

    def _take(self, event: Event, outcome: Retrained) -> None:
        match event:
            case Stepped():
                outcome.measured.steps[event.step] = step_values(event)
            case Evaluated():
                outcome.measured.validations[event.step] = validation_values(event)
            case Quarantined():
                outcome.quarantined.setdefault(event.split, set()).add(event.clip)
            case Tested():
                outcome.tested = event

    def _is_end(self, event: Event) -> bool:
        """Whether all that was asked for is there; the last of several steps may be followed by its validation."""
        training = self._config.training
        if self._steps >= training.iterations:
            return False
        last = Stepped if self._steps % training.evaluate_every else Evaluated
        return isinstance(event, last) and event.step == self._steps


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    """With another number of threads, sums differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
