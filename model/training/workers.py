"""The group of data-parallel workers that trains one trial; one worker needs no process group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
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
        """Whether this worker reads and writes checkpoints, and logs."""
        return self.rank == 0

    def average(self, values: Tensor) -> Tensor:
        """Mean over workers, the same on each; the input is left as it is."""
        return self.sum(values) / self.count if self.count > 1 else values

    def sum(self, values: Tensor) -> Tensor:
        """Sum over workers, the same on each; the input is left as it is."""
        if self.count == 1:
            return values
        total = values.clone()
        distributed.all_reduce(total)
        return total

    def average_numbers(self, numbers: Sequence[float]) -> list[float]:
        """Means over workers of numbers that are on the host; no GPU is waited for."""
        totals = map(float, numbers) if self.count == 1 else self._sum_numbers(numbers)
        return [total / self.count for total in totals]

    def any(self, wish: bool) -> bool:
        """Whether any worker wishes it; the same on each. No GPU is waited for."""
        return wish if self.count == 1 else self._sum_numbers([float(wish)])[0] > 0

    def start_average(self, tensors: Sequence[Tensor]) -> Callable[[], None]:
        """Begins to give tensors their means over workers, in one message; they have them after the returned call."""
        if self.count == 1 or not tensors:
            return nothing
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        sending = distributed.all_reduce(flat, async_op=True)

        def finish() -> None:
            sending.wait()
            means = (flat / self.count).split([tensor.numel() for tensor in tensors])
            for tensor, mean in zip(tensors, means, strict=True):
                tensor.copy_(mean.view_as(tensor))

        return finish

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
        lengths = self._sum_numbers([float(len(rows)) if rank == self.rank else 0.0 for rank in range(self.count)])
        before, after = int(sum(lengths[: self.rank])), int(sum(lengths[self.rank + 1 :]))
        alone = F.pad(rows.float(), (0, 0) * (rows.ndim - 1) + (before, after))
        return _SumOverWorkers.apply(alone).to(rows.dtype), before

    def together(self, work: Callable[[], Item]) -> Item:
        """What this worker's work gives; if any worker's fails, all of them raise the error of the first that did.

        So none is left waiting for a worker that is no more, and every one can say what happened.

        Raises:
            Exception: that of any worker's work.
        """
        results: list[Item] = []
        failures: list[Exception] = []
        try:
            results.append(work())
        except Exception as error:
            failures.append(error)
        for failure in self.gather(failures):
            raise failure
        return results[0]

    def share(self, item: Item) -> Item:
        """The first worker's item, on every worker. For small things; see `share_tensors`."""
        if self.count == 1:
            return item
        items = [item]
        distributed.broadcast_object_list(items)
        return items[0]

    def share_tensors(self, tensors: Iterable[Tensor]) -> None:
        """Gives tensors the first worker's values, in place; all must be on the workers' own devices."""
        if self.count == 1:
            return
        for tensor in tensors:
            distributed.broadcast(tensor.detach(), src=0)

    def wait(self) -> None:
        """Returns when every worker has called it."""
        if self.count > 1:
            distributed.barrier()

    def _sum_numbers(self, numbers: Sequence[float]) -> list[float]:
        total = torch.tensor(numbers, dtype=torch.float64, device="cpu")
        distributed.all_reduce(total, group=self._host_group)
        sums: list[float] = total.tolist()
        return sums

    @cached_property
    def _host_group(self) -> distributed.ProcessGroup | None:
        """The group that sends what lies on hosts; None for the default one. NCCL sends from GPU to GPU only."""
        return None if distributed.get_backend() == "gloo" else _gloo_group()


def nothing() -> None:
    """What is left to do where nothing was begun."""


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


def _gloo_group() -> distributed.ProcessGroup:
    group = distributed.new_group(backend="gloo")
    assert isinstance(group, distributed.ProcessGroup)  # all workers are in it
    return group


def seed_step(seed: int, step: int, part: int) -> None:
    """Makes the randomness of one forward pass a function of its step and part of the batch.

    So resuming needs no RNG state, and a pass that is made again draws the same.
    """
    torch.manual_seed((seed * 1_000_003 + step) * 1_009 + part)
