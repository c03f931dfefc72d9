"""How much of a device a training step uses, how long it waits for the loader, and how fast clips are segmented."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
from torch.utils.flop_counter import FlopCounterMode
from training_step import FASTEST, SMALL, Case, Way

from model.data.avsbench import AVSBench
from model.data.loading import training_batches
from model.data.synthetic.writer import write_synthetic
from model.training.scoring import predict_scores
from model.training.stepper import StartedStep

PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
"""Dense bf16 operations a second by the makers' data sheets (SXM); NVIDIA."""
STEPS, WARM_UP, PREDICTIONS = {"cuda": 20, "cpu": 2}, 3, {"cuda": 20, "cpu": 3}
MFU, WAIT = "MFU, bf16", "share of a step that waits for the loader"
CASES = {"cuda": Case("combo_r50", "s4", "bf16", 8), "cpu": Case("combo_demo", "s4", "bf16", 1, SMALL)}
"""By kind of device; on a CPU only to see that it works."""


def throughput(device: str) -> Mapping[str, float]:
    """Of one of `CASES` with all optimisations.

    Args:
        device: where.

    Returns:
        Values by what they are of; the model's share of the device's operations where these are known.
    """
    place = torch.device(device)
    case, way = CASES[place.type], Way(FASTEST)
    batch = case.batch()
    step = case.steps(way, batch, device)
    with FlopCounterMode(display=False) as counter:
        step().finished()
    operations = counter.get_total_flops()
    seconds = _seconds_a_step(step, place)
    found = {"TFLOP a step": operations / 1e12, "seconds a step": seconds}
    if place.type == "cuda":
        name = torch.cuda.get_device_name(place)
        peak = next((value for chip, value in PEAKS.items() if chip in name), None)
        if peak is not None:
            found[MFU] = operations / seconds / peak
    found[WAIT] = _loader_wait(case, way, step, place)
    found["seconds to segment a clip"] = _prediction(case, way, device)
    return found


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
    with tempfile.TemporaryDirectory() as folder:
        write_synthetic(case.task, Path(folder), 10 * case.clips, seed=2, size=case.size)
        data = AVSBench.configured(config, Path(folder), "train")
        on_gpu = place.type == "cuda"
        batches = training_batches(data, config, 0, 1, 0, workers=4 if on_gpu else 1, pin_memory=on_gpu)
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
    network, batch = one.network(way, place), one.batch().to(place)
    with torch.no_grad():
        return median(_seconds(lambda: predict_scores(network, batch), place) for _ in range(PREDICTIONS[place.type]))
