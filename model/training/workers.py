"""The group of data-parallel workers that trains one trial; one worker needs no process group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed
from torch.nn import functional as F

Item = TypeVar("Item")


@dataclass(frozen=True)
class Workers:
    """This worker's place in its group. With `count > 1` `torch.distributed` must be initialised."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this worker writes files and logs."""
        return self.rank == 0

    def average(self, values: Tensor) -> Tensor:
        """Mean over workers, the same on each; the input is left as it is."""
        if self.count == 1:
            return values
        total = values.clone()
        distributed.all_reduce(total)
        return total / self.count

    def gather(self, items: list[Item]) -> list[Item]:
        """All workers' items, those of the first worker first."""
        if self.count == 1:
            return items
        shares: list[list[Item]] = [[] for _ in range(self.count)]
        distributed.all_gather_object(shares, items)
        return [item for share in shares for item in share]

    def gather_rows(self, rows: Tensor) -> tuple[Tensor, int]:
        """All workers' rows, those of the first worker first, and the place where this worker's begin.

        Workers may have different numbers of rows. Gradients flow back to the worker that a row comes from.
        """
        if self.count == 1:
            return rows, 0
        lengths = torch.zeros(self.count, dtype=torch.int64, device=rows.device)
        lengths[self.rank] = len(rows)
        distributed.all_reduce(lengths)
        before, after = int(lengths[: self.rank].sum()), int(lengths[self.rank + 1 :].sum())
        alone = F.pad(rows.float(), (0, 0) * (rows.ndim - 1) + (before, after))
        return _SumOverWorkers.apply(alone).to(rows.dtype), before

    def wait(self) -> None:
        """Returns when every worker has called it."""
        if self.count > 1:
            distributed.barrier()


class _SumOverWorkers(torch.autograd.Function):
    """Sum of all workers' tensors; so is its gradient, as every worker's loss depends on every worker's tensor."""

    @staticmethod
    def forward(_ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


def seed_step(seed: int, step: int, rank: int) -> None:
    """Makes the randomness of one optimiser step a function of its number, so that resuming needs no RNG state."""
    torch.manual_seed((seed * 1_000_003 + step) * 1_009 + rank)
