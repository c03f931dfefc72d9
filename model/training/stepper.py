"""One optimiser step: learning rate, gradients of the global batch, clipping, update."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from model.config import TrialConfig
from model.data.batch import Batch
from model.training.events import Stepped
from model.training.gradients import BatchGradients
from model.training.optim import set_learning_rates
from model.training.stopping import ShouldStop
from model.training.workers import Workers

TOLD = 3
"""Losses that are named when they are not finite."""


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
        """Whether any worker was asked to stop by the end of the last step; the same on every worker."""

    def step(self, index: int, batch: Batch) -> Stepped:
        """Step number `index`, counted from 0, on this worker's share of the batch.

        Raises:
            FloatingPointError: the weighted sum of the losses is not finite; the parameters are as they were before.
        """
        started = time.perf_counter()
        optim = self.config.optim
        factor = set_learning_rates(self.optimizer, index, self.config.training.iterations, optim.poly_power)
        self.optimizer.zero_grad(set_to_none=True)
        losses = self._agree(self.gradients.accumulate(index, batch, self.scaler))
        if not math.isfinite(losses["total"]):
            raise FloatingPointError(f"loss is not finite at step {index + 1}: {_not_finite(losses)}")

        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.gradients.parameters, optim.clip_norm or math.inf)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return Stepped(index + 1, losses, optim.lr * factor, float(norm), time.perf_counter() - started)

    def _agree(self, losses: dict[str, Tensor]) -> dict[str, float]:
        """The losses of the global batch. The wish to stop travels with them, so that it costs no message."""
        values = torch.stack([loss.double() for loss in losses.values()])
        wish = values.new_tensor([float(self.should_stop())])
        *averages, wishes = self.workers.average(torch.cat((values, wish))).tolist()
        self.is_stopping = wishes > 0
        return dict(zip(losses, averages, strict=True))


def _not_finite(losses: dict[str, float]) -> str:
    """The first few of them, as all predictions of a network usually go wrong together."""
    found = [f"{name} is {loss}" for name, loss in losses.items() if not math.isfinite(loss)]
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    return ", ".join(found[:TOLD]) + more
