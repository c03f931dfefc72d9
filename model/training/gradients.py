"""Losses and gradients of one global batch: at once or in micro-batches, by one worker or by several, they are equal.

Every loss is divided by counts of the whole batch, so those of its parts add up. Where a network mixes clips, each part
needs rows of all others. Then the batch is passed three times, as in gradient caching (arXiv 2101.06983): the rows of
all frames, without gradients; losses and gradients of each part, and with them the gradients of the rows; from there
back through what made the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from model.config import CompileMode, TrialConfig
from model.data.batch import Batch
from model.data.sampler import shard_positions
from model.interface import CompilableObjective, Gather, Network, model_of
from model.numerics import numerics_of
from model.precision import matrix_products, network_precision
from model.training.acceleration import compiled, refuse_recording
from model.training.errors import ExecutionError
from model.training.workers import Workers, nothing, seed_step


@dataclass(frozen=True)
class _Part:
    """Clips that pass the network together.

    Attributes:
        number: place among the parts of the global batch; dropout depends on it, not on who makes the pass.
        batch: the clips.
        supervision: what the objective says of their labels.
    """

    number: int
    batch: Batch
    supervision: Any


class BatchGradients:
    """Adds the gradients of a batch to the network's parameters, averaged over the workers.

    Args:
        config: the trial.
        model: the network, on `device`; the same on every worker.
        workers: this worker's place in its group.
        device: where to compute.
        micro_batch: clips per forward pass of this worker; None takes its whole share at once.
        mode: in which network and losses are compiled, `model` by itself staying as it is; None compiles nothing.

    Raises:
        DataError: the batch does not divide among the workers.
        ExecutionError: the network needs the whole batch in one place, or the mode is not for such a device or batch.
    """

    def __init__(
        self,
        config: TrialConfig,
        model: Network,
        workers: Workers,
        device: torch.device,
        micro_batch: int | None,
        mode: CompileMode | None = None,
    ) -> None:
        self.config, self.model, self.workers, self.device = config, model, workers, device
        share = len(shard_positions(config.training.batch, workers.rank, workers.count))
        self.clips = min(micro_batch or share, share)
        self.first_part = workers.rank * ceil(share / self.clips)
        self.caches_rows = self.clips < share and model.mixes_clips
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.objective = model_of(config).objective(config)
        self.tf32 = numerics_of(config).tf32
        self.network: nn.Module = model
        if self.clips < config.training.batch and (reason := model.refusal_to_split()):
            raise ExecutionError(reason)
        if mode is not None:
            refuse_recording(mode, device, is_divided=self.clips < config.training.batch)
            self.network = compiled(model, mode)
            if isinstance(self.objective, CompilableObjective):
                self.objective.compile()
        if workers.count > 1 and not self.caches_rows:
            self.network = DistributedDataParallel(
                self.network,
                device_ids=[device] if device.type == "cuda" else None,
                find_unused_parameters=not model.uses_every_parameter,
                init_sync=False,
                gradient_as_bucket_view=True,
            )
        self.trained_by_rows: set[Tensor] | None = None
        """Parameters that get gradients from the rows too; known after the first part of the first step."""

    def accumulate(self, step: int, batch: Batch, scaler: torch.amp.GradScaler) -> dict[str, Tensor]:
        """Losses of this worker's share of the batch, and their weighted `total`; their mean over workers is exact.

        Args:
            step: optimiser step, counted from 0.
            batch: this worker's share, on the device.
            scaler: scales the gradients.
        """
        self.model.train()
        parts = [
            _Part(number, part, self.objective.supervise(part, step))
            for number, part in enumerate(batch.split(self.clips), self.first_part)
        ]
        if self.caches_rows:
            return self._with_cached_rows(step, parts, scaler)
        return self._in_turn(step, parts, scaler, [self.workers.gather_rows] * len(parts))

    def _in_turn(
        self, step: int, parts: list[_Part], scaler: torch.amp.GradScaler, gathers: list[Gather]
    ) -> dict[str, Tensor]:
        """Forward and backward pass of each part; the workers exchange gradients during the last one's."""
        counts = self._average_counts(parts)
        added: dict[str, Tensor] = {}
        for part, gather in zip(parts, gathers, strict=True):
            with self._exchange(is_last=part is parts[-1]):
                with self._randomness_and_precision(step, part):
                    outputs = self.network(part.batch, gather)
                losses = self.objective.losses(outputs, part.supervision, counts)
                losses["total"] = self.objective.weighted_sum(losses)
                with matrix_products(tf32=self.tf32):
                    scaler.scale(losses["total"]).backward()
            for name, loss in losses.items():
                added[name] = added[name] + loss.detach() if name in added else loss.detach()
        return added

    def _with_cached_rows(self, step: int, parts: list[_Part], scaler: torch.amp.GradScaler) -> dict[str, Tensor]:
        """The three passes of the module's text."""
        with torch.no_grad():
            own = [self._rows(step, part) for part in parts]
        everyones, first = self.workers.gather_rows(torch.cat(own))
        rows = everyones.float().detach().requires_grad_()
        lengths = [len(part) for part in own]
        starts = accumulate(lengths[:-1], initial=first)
        losses = self._in_turn(step, parts, scaler, [_known(rows, start) for start in starts])

        assert rows.grad is not None  # a network that mixes clips uses them
        wanted = self.workers.sum(rows.grad)[first : first + sum(lengths)]
        finish = nothing
        for part, gradient in zip(parts, wanted.split(lengths), strict=True):
            if part is parts[-1]:  # all other gradients travel while this part passes back
                finish = self.workers.start_average(self._gradients(by_rows=False))
            again = self._rows(step, part)
            with self._noting_parameters(), matrix_products(tf32=self.tf32):
                again.backward(gradient.to(again.dtype))
        self.workers.start_average(self._gradients(by_rows=True))()
        finish()
        return losses

    @contextmanager
    def _noting_parameters(self) -> Iterator[None]:
        """Learns which parameters get a gradient here; they are the same in every step."""
        if self.trained_by_rows is not None:
            yield
            return
        found: set[Tensor] = set()
        hooks = [parameter.register_post_accumulate_grad_hook(found.add) for parameter in self.parameters]
        yield
        for hook in hooks:
            hook.remove()
        self.trained_by_rows = found

    def _gradients(self, *, by_rows: bool) -> list[Tensor]:
        """Gradients of the parameters that the rows train too, or of the others."""
        assert self.trained_by_rows is not None  # there is more than one part
        chosen = [p.grad for p in self.parameters if (p in self.trained_by_rows) == by_rows]
        return [gradient for gradient in chosen if gradient is not None]

    def _rows(self, step: int, part: _Part) -> Tensor:
        with self._randomness_and_precision(step, part):
            return self.model.shared_rows(part.batch)

    @contextmanager
    def _randomness_and_precision(self, step: int, part: _Part) -> Iterator[None]:
        """Dropout draws the same in each pass of a part."""
        seed_step(self.config.seed, step, part.number)
        with network_precision(self.config.training.precision, self.device), matrix_products(tf32=self.tf32):
            yield

    def _exchange(self, *, is_last: bool) -> AbstractContextManager[None]:
        if isinstance(self.network, DistributedDataParallel) and not is_last:
            return self.network.no_sync()
        return nullcontext()

    def _average_counts(self, parts: list[_Part]) -> list[float]:
        return self.workers.average_numbers(self.objective.counts([part.supervision for part in parts]))


def _known(rows: Tensor, start: int) -> Gather:
    """A `Gather` that has all rows already."""
    return lambda _own: (rows, start)
