"""Trials so small that a step takes a tenth of a second on one core, and ways to run them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from safetensors.torch import load_file
from torch import Tensor, distributed

from experiments.overrides import lay_over
from model.config import TrialConfig
from model.training.events import Evaluated, Event, Stepped, Tested
from model.training.fit import Execution, fit
from model.training.workers import Workers
from tests.prepared_processes import PreparedProcesses

PROCESSES = PreparedProcesses("model.training.fit", "model.combo.model", "experiments.overrides")
SIZE = 32
CLIPS = {"s4": 40, "ms3": 6, "avss": 9}
"""Clips per subset. S4 gets 5 to validate with and 7 to test with, which two workers cannot share evenly."""
LIGHT_SCORED = 2
"""Clips of S4 in each of the two splits of `light_data` that are scored."""

TINY = {
    "model.width": 16,
    "model.backbone.name": "test_resnet",
    "model.backbone.weights": "random",
    "model.backbone.norm": "group",
    "model.audio_encoder.name": "compact",
    "model.audio_encoder.width": 16,
    "model.audio_encoder.mlp_width": 16,
    "model.pixel_decoder.layers": 1,
    "model.pixel_decoder.heads": 2,
    "model.pixel_decoder.points": 2,
    "model.pixel_decoder.ffn_width": 16,
    "model.fusion.heads": 2,
    "model.query_decoder.queries": 6,
    "model.query_decoder.layers": 2,
    "model.query_decoder.heads": 2,
    "model.query_decoder.ffn_width": 16,
    "loss.points": 64,
    "data.size": SIZE,
    "training.batch": 2,
    "training.iterations": 6,
    "training.evaluate_every": 3,
}

LIGHT_IN_HALF = {"model.backbone.name": "test_efficientnet_gn", "model.backbone.norm": "native"}
"""A backbone of fewer full convolutions, whose gradients in fp16 take a CPU most of a step."""


def tiny_config(overrides: Mapping[str, Any] | None = None) -> TrialConfig:
    """The tiny trial with dotted settings laid over it."""
    return TrialConfig.model_validate(lay_over(lay_over({}, TINY, "tiny"), overrides or {}, "test"))


def run_fit(
    config: TrialConfig, data: Path, checkpoints: Path, workers: Workers | None = None, **execution: Any
) -> Generator[Event]:
    """`fit` on one core, with a checkpoint every three steps."""
    torch.set_num_threads(1)
    settings = {"checkpoint_every": 3, "keep_checkpoints": 4, **execution}
    return fit(config, Execution(data_root=data, checkpoints=checkpoints, **settings), workers)


def first_losses(
    steps: int, config: TrialConfig, data: Path, checkpoints: Path, **execution: Any
) -> dict[int, dict[str, float]]:
    """By step, of a trial that is left after so many steps, before anything is scored."""
    return losses_by_step(list(left_after(steps, run_fit(config, data, checkpoints, **execution))))


def left_after(steps: int | None, events: Generator[Event]) -> Iterator[Event]:
    """Those of so many steps, without what follows the last of them; all if that is None."""
    with closing(events):
        for event in events:
            yield event
            if isinstance(event, Stepped) and event.step == steps:
                return


@contextmanager
def double_precision() -> Iterator[None]:
    """Whatever torch would make a 32-bit number in this process is a 64-bit one, so that rounding cannot be seen."""
    from_numpy = torch.from_numpy

    def doubled(array: Any) -> Tensor:
        return from_numpy(array.astype("f8") if array.dtype == "f4" else array)

    torch.set_default_dtype(torch.float64)
    with patch.object(torch.Tensor, "float", torch.Tensor.double), patch.object(torch, "from_numpy", doubled):
        yield
    torch.set_default_dtype(torch.float32)


@dataclass
class RunningFit:
    """A trial that another process trains; its events arrive as they happen."""

    process: BaseProcess
    connection: Connection

    def events(self) -> Iterator[Event]:
        """Until the process ends."""
        try:
            while True:
                yield self.connection.recv()
        except EOFError:
            self.process.join()


class Stopping:
    """Asks for a stop from its `calls`-th call on, on one worker of several."""

    def __init__(self, calls: int, rank: int = 0) -> None:
        self.calls, self.rank = calls, rank

    def __call__(self) -> bool:
        is_asked = not distributed.is_initialized() or distributed.get_rank() == self.rank
        self.calls -= is_asked
        return self.calls <= 0


def start_fit(
    config: TrialConfig,
    data: Path,
    checkpoints: Path,
    count: int = 1,
    *,
    apart: bool = False,
    double: bool = False,
    steps: int | None = None,
    **execution: Any,
) -> list[RunningFit]:
    """Trains in `count` data-parallel processes, which share the folder of checkpoints or have one each in it.

    With `double` they compute in 64-bit numbers; with `steps` they leave after so many, before anything is scored.
    """
    rendezvous = checkpoints.with_suffix(".rendezvous")
    # What an earlier run has left there would lead these processes to that one's addresses.
    rendezvous.unlink(missing_ok=True)
    running = []
    for rank in range(count):
        ours, theirs = PROCESSES.context.Pipe(duplex=False)
        folder = checkpoints / str(rank) if apart else checkpoints
        place = (Workers(rank, count), rendezvous)
        words = (theirs, config, data, folder, *place, double, steps, execution)
        process = PROCESSES.start(_send_events, *words)
        theirs.close()
        running.append(RunningFit(process, ours))
    return running


def fit_together(config: TrialConfig, data: Path, checkpoints: Path, count: int, **execution: Any) -> list[list[Event]]:
    """Every worker's events of a run that must succeed; see `start_fit`."""
    running = start_fit(config, data, checkpoints, count, **execution)
    events = [list(worker.events()) for worker in running]
    assert [worker.process.exitcode for worker in running] == [0] * count
    return events


def _send_events(
    connection: Connection,
    config: TrialConfig,
    data: Path,
    checkpoints: Path,
    workers: Workers,
    rendezvous: Path,
    double: bool,
    steps: int | None,
    execution: dict[str, Any],
) -> None:
    if workers.count > 1:
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        place = {"init_method": f"file://{rendezvous}", "rank": workers.rank, "world_size": workers.count}
        distributed.init_process_group("gloo", timeout=timedelta(seconds=60), **place)
    with double_precision() if double else nullcontext():
        for event in left_after(steps, run_fit(config, data, checkpoints, workers, **execution)):
            connection.send(event)
    if workers.count > 1:
        distributed.destroy_process_group()


def losses_by_step(events: Sequence[Event]) -> dict[int, dict[str, float]]:
    return {event.step: event.losses for event in events if isinstance(event, Stepped)}


def validations(events: Sequence[Event]) -> dict[int, Evaluated]:
    return {event.step: event for event in events if isinstance(event, Evaluated)}


def outcome(events: Sequence[Event]) -> Tested:
    event = events[-1]
    assert isinstance(event, Tested)
    return event


def assert_same_outcome(events: Sequence[Event], others: Sequence[Event]) -> None:
    """The test scores of all clips, and which weights were tested."""
    one, other = outcome(events), outcome(others)
    assert (one.best_step, one.validation, one.score) == (other.best_step, other.validation, other.score)
    assert one.clips == other.clips


def assert_same_checkpoint(folder: Path, other: Path) -> None:
    """All tensors bit by bit."""
    for path in folder.glob("*.safetensors"):
        first, second = load_file(path), load_file(other / path.name)
        assert first.keys() == second.keys()
        assert not [name for name in first if not _identical(first[name], second[name])], path.name


def _identical(first: Tensor, second: Tensor) -> bool:
    return first.dtype == second.dtype and torch.equal(first, second)
