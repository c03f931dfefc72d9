"""The first steps of the released presets in their own precision, beside the same steps in fp32.

    .venv/bin/python tests/benchmarks/preset_losses.py --device cuda --out presets.json

Real optimiser steps on synthetic clips of the released size, with random weights instead of those that have to be
downloaded. Prints a line per run and writes all losses as JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "training")]

from preset_steps import first_steps  # noqa: E402

from experiments.presets import resolve_preset  # noqa: E402
from model.data.synthetic.writer import write_synthetic  # noqa: E402

PRESETS = ("combo_r50", "combo_pvt")
TASKS = ("avss", "s4", "ms3")
CLIPS, SIZE = 24, 224
WARM_UP = 3
"""Steps that are left out of the median time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--out", type=Path, required=True)
    words = parser.parse_args()
    is_cuda = words.device == "cuda"
    device = torch.cuda.get_device_name() if is_cuda else "cpu"
    document = {"torch": torch.__version__, "device": device, "clips": CLIPS, "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        for task in words.tasks:
            write_synthetic(task, Path(folder), CLIPS, seed=1, size=SIZE)
            for preset in words.presets:
                own = resolve_preset(preset, task).training.precision
                for precision in dict.fromkeys((own, "fp32")):
                    run = _run(preset, task, precision, Path(folder), words.steps, words.device)
                    document["runs"].append(run)
                    words.out.write_text(json.dumps(document, indent=1) + "\n")
                    print(_line(run), flush=True)


def _run(preset: str, task: str, precision: str, data: Path, count: int, device: str) -> dict[str, object]:
    is_cuda = device == "cuda"
    if is_cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    run: dict[str, object] = {"preset": preset, "task": task, "precision": precision}
    try:
        settings = {"training__precision": precision, "data__size": SIZE}
        steps = first_steps(preset, task, data, count, device, **settings)
    except torch.OutOfMemoryError as error:
        return {**run, "error": str(error).partition(".")[0]}
    return {
        **run,
        "seconds_per_step": round(statistics.median(step.seconds for step in steps[WARM_UP:] or steps), 4),
        "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if is_cuda else None,
        "passed_over": sum(not math.isfinite(step.gradient_norm) for step in steps),
        "totals": [round(step.losses["total"], 4) for step in steps],
        "consistency": [round(sum(v for k, v in step.losses.items() if "consistency" in k), 6) for step in steps],
    }


def _line(run: dict[str, object]) -> str:
    name = "{preset:10} {task:4} {precision}".format(**run)
    if "error" in run:
        return f"{name}  {run['error']}"
    return "{0}  {seconds_per_step:.3f} s/step  {peak_gib} GiB  {passed_over} passed over  {totals}".format(name, **run)


if __name__ == "__main__":
    main()
