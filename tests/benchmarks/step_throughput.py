"""How much of a device a training step uses, how long it waits for the loader, and how fast clips are segmented."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median

import torch
from torch.utils.flop_counter import FlopCounterMode
from training_step import FASTEST, SMALL, Case, Way

from model.data.loading import training_batches
from model.training.loader_processes import loader_processes
from model.training.scoring import predict_scores
from model.training.stepper import StartedStep
from model.training.workers import Workers

PEAKS = {
    "H200 NVL": 835e12,
    "H200": 989e12,
    "H100 NVL": 835e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L40": 181e12,
    "L4": 121e12,
}
"""Dense bf16 operations a second by NVIDIA's data sheets; the first name that a device's contains counts."""
STEPS, WARM_UP, PREDICTIONS = {"cuda": 20, "cpu": 2}, 3, {"cuda": 20, "cpu": 3}
MFU, WAIT = "MFU, bf16", "share of a step that waits for the loader"
CASES = {"cuda": Case("combo_r50", "s4", "bf16", 8), "cpu": Case("combo_demo", "s4", "bf16", 1, SMALL)}
"""By kind of device; on a CPU only to see that it works."""


def throughput(device: str) -> Iterator[tuple[str, float]]:
    """Of one of `CASES` with all optimisations.

    Args:
        device: where.

    Yields:
        Values, each as soon as it is known, behind what they are of; the model's share of the device's operations where
        these are known.
    """
    place = torch.device(device)
    case, way = CASES[place.type], Way(FASTEST)
    batch = case.batch()
    step = case.steps(way, batch, device)
    step().finished()  # what is chosen by its time is chosen without a counter that looks on
    with FlopCounterMode(display=False) as counter:
        step().finished()
    operations = counter.get_total_flops()
    seconds = _seconds_a_step(step, place)
    yield "TFLOP a step", operations / 1e12
    yield "seconds a step", seconds
    if place.type == "cuda":
        name = torch.cuda.get_device_name(place)
        peak = next((value for chip, value in PEAKS.items() if chip in name), None)
        if peak is not None:
            yield MFU, operations / seconds / peak
    yield "seconds to segment a clip", _prediction(case, way, device)
    yield WAIT, _loader_wait(case, way, step, place)


def _seconds_a_step(step: Callable[[], StartedStep], place: torch.device) -> float:
    """Of steps in a row, each of which is read when the next one is under way, as training does."""
    step().finished()

    def row() -> None:
        started = step()
        for _ in range(STEPS[place.type] - 1):
            following = step()
            started.finished()
            started = following
        started.finished()

    return _seconds(row, place) / STEPS[place.type]


def _seconds(action: Callable[[], object], place: torch.device) -> float:
    began = time.perf_counter()
    action()
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    return time.perf_counter() - began


def _loader_wait(case: Case, way: Way, step: Callable[[], StartedStep], place: torch.device) -> float:
    """Of steps whose batches come from the loader's processes, after some to fill them."""
    config = case.config(way)
    workers = loader_processes(None, config, place, Workers()) or 1
    batches = training_batches(case.data(), config, 0, 1, 0, workers=workers, pin_memory=place.type == "cuda")
    waited, worked = [], []
    for _ in range(WARM_UP + STEPS[place.type]):
        began = time.perf_counter()
        next(batches).to(place)
        waited.append(time.perf_counter() - began)
        worked.append(_seconds(lambda: step().finished(), place))
    spent = sum(waited[WARM_UP:])
    return spent / (spent + sum(worked[WARM_UP:]))


def _prediction(case: Case, way: Way, device: str) -> float:
    """Median of a clip alone, from tensors on the device to class scores."""
    place = torch.device(device)
    one = replace(case, clips=1)
    network, batch = one.network(way, place).eval(), one.batch().to(place)
    with torch.no_grad():
        return median(_seconds(lambda: predict_scores(network, batch), place) for _ in range(PREDICTIONS[place.type]))
