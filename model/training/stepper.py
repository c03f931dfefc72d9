"""One optimiser step: learning rate, gradients of the global batch, clipping, update.

A step is started, and its numbers are read when the next one is under way: so the device never waits for the host to
read a loss.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import nn

from model.config import TrialConfig
from model.data.batch import Batch
from model.training.events import Stepped
from model.training.gradients import BatchGradients
from model.training.optim import set_learning_rates
from model.training.stopping import ShouldStop
from model.training.workers import Workers
from model.transfers import LaterRead

TOLD = 3
"""Losses that are named when they are not finite."""


@dataclass(frozen=True)
class StartedStep:
    """A step that the device may still be at.

    Attributes:
        step: counted from 1.
        names: of the losses.
        numbers: the losses of the global batch in the order of their names, then the norm of the gradients.
        lr: learning rate.
        seconds: until all was handed to the device, which includes the wait for the costs of the matching.
    """

    step: int
    names: tuple[str, ...]
    numbers: LaterRead
    lr: float
    seconds: float

    def finished(self) -> Stepped:
        """What came of it; waits for the device where it is still at it.

        Raises:
            FloatingPointError: the weighted sum of the losses is not finite; the parameters cannot be used any more.
        """
        *values, norm = self.numbers.numbers().tolist()
        losses = dict(zip(self.names, values, strict=True))
        if not math.isfinite(losses["total"]):
            raise FloatingPointError(f"loss is not finite at step {self.step}: {_not_finite(losses)}")
        return Stepped(self.step, losses, self.lr, norm, self.seconds)


class Stepper:
    """Steps through a trial in step with the other workers.

    Args:
        config: the trial.
        gradients: of the network's parameters, for one batch.
        optimizer: of the same parameters, from `build_optimizer`.
        scaler: keeps half-precision gradients in range; disabled otherwise.
        workers: this worker's place in its group.
        should_stop: asked once in every step.
    """

    def __init__(
        self,
        config: TrialConfig,
        gradients: BatchGradients,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        workers: Workers,
        should_stop: ShouldStop,
    ) -> None:
        self.config, self.gradients, self.optimizer, self.scaler = config, gradients, optimizer, scaler
        self.workers, self.should_stop = workers, should_stop
        self.is_stopping = False
        """Whether any worker was asked to stop by the beginning of the last step; the same on every worker."""

    def step(self, index: int, batch: Batch) -> StartedStep:
        """Starts step number `index`, counted from 0, on this worker's share of the batch."""
        started = time.perf_counter()
        self.is_stopping = self.workers.any(self.should_stop())
        optim = self.config.optim
        factor = set_learning_rates(self.optimizer, index, self.config.training.iterations, optim.poly_power)
        self.optimizer.zero_grad(set_to_none=True)
        losses = self.gradients.accumulate(index, batch, self.scaler)

        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.gradients.parameters, optim.clip_norm or math.inf)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        values = self.workers.average(torch.stack([loss.double() for loss in losses.values()]))
        numbers = LaterRead(torch.cat((values, norm.double()[None])))
        return StartedStep(index + 1, tuple(losses), numbers, optim.lr * factor, time.perf_counter() - started)


def _not_finite(losses: dict[str, float]) -> str:
    """The first few of them, as all predictions of a network usually go wrong together."""
    found = [f"{name} is {loss}" for name, loss in losses.items() if not math.isfinite(loss)]
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    return ", ".join(found[:TOLD]) + more
