"""What a GPU shows, in one command of at most eight minutes that needs no network, Ray or MLflow; see `make gpu`.

    PYTHONPATH=. python3 tests/benchmarks/gpu.py [--minutes 8] [--out docs/benchmarks]

Tests for GPUs, the first step beside the CPU's in each precision, steps in the authors' shape beside ours with each
optimisation off in turn, and all other comparisons. What there was no time for is named. It needs PyTorch, timm, scipy,
safetensors, pyarrow, pillow, opencv-python-headless, pydantic and ruamel.yaml; pytest for the tests.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from all_comparisons import COMPARISONS
from comparison import measure
from first_step_parity import parity
from record import new_record, newest_kept, record_name, regressions, result_of, write_record
from step_throughput import throughput

ROOT = Path(__file__).parents[2]
ROUNDS = 5
TEST_SECONDS = 120
LATER = ("fscore", "correlation", "tpavi")
"""Comparisons that say least about training."""


class Deadline:
    """The moment by which all must be done.

    Args:
        minutes: from now.
    """

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    @property
    def seconds(self) -> float:
        """That are left."""
        return self._end - time.monotonic()


def main() -> None:
    """Prints all results and writes a record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--device", default="cuda", help="cpu only shows that the script works")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--names", nargs="+", choices=COMPARISONS, help="what to compare; without it, all")
    parser.add_argument("--out", type=Path, help="folder for the record; without it nothing is written")
    words = parser.parse_args()
    if words.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("PyTorch sees no GPU here (nvidia-smi tells whether there is one)")
    deadline, record = Deadline(words.minutes), new_record(words.device, ROUNDS)
    kept = newest_kept(words.device)
    kind = record["device"]
    steps = [name for name, one in COMPARISONS.items() if kind in one.devices and name.startswith("step-")]
    others = [name for name, one in COMPARISONS.items() if kind in one.devices and name not in steps]
    names = words.names or [*steps, *sorted(others, key=LATER.__contains__)]
    work: dict[str, Callable[[], object]] = {
        "tests": lambda: _tests(record),
        "parity": lambda: _parity(record, words.device),
        **{name: lambda name=name: _compare(record, name, words.device, deadline) for name in names},
        "throughput": lambda: _throughput(record, words.device),
    }
    record["left_out"] = []
    for what, action in work.items():
        if deadline.seconds <= 0:
            record["left_out"].append(what)
            continue
        began = time.monotonic()
        action()
        print(f"  ({what}: {time.monotonic() - began:.0f} s)", flush=True)
    if record["left_out"]:
        print(f"no time for: {', '.join(record['left_out'])}")
    if words.out is not None:
        write_record(record, words.out / record_name(record))
        print(f"written to {words.out / record_name(record)}")
    slower = [] if kept is None else list(regressions(kept[1], record))
    print("\n".join(slower))
    sys.exit(bool(slower) or record["tests"]["failed"])


def _tests(record: dict[str, Any]) -> None:
    """The tests that are marked for a GPU; on a CPU they are skipped."""
    if importlib.util.find_spec("pytest") is None:
        record["tests"] = {"failed": False, "told": "pytest is not installed"}
    else:
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "tests/training"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TEST_SECONDS, check=False)
        record["tests"] = {"failed": run.returncode != 0, "told": run.stdout.strip().splitlines()[-1]}
    print(f"tests for GPUs: {record['tests']['told']}")


def _parity(record: dict[str, Any], device: str) -> None:
    record["parity"] = parity(device)
    for name, one in record["parity"].items():
        print(f"first step, {name}: loss {one['loss']:.5f}, of the CPU's in fp32 {one['relative']:+.2e}")


def _compare(record: dict[str, Any], name: str, device: str, deadline: Deadline) -> None:
    measured = measure(COMPARISONS[name], device, ROUNDS, deadline.seconds)
    record["comparisons"][name] = result_of(COMPARISONS[name], measured)
    print(COMPARISONS[name].title)
    for form, figures in record["comparisons"][name]["forms"].items():
        low, high = figures["spread"]
        print(
            f"  {form:42} {1000 * figures['seconds']:9.1f} ms  {figures['times_faster']:6.2f} times faster "
            f"({low:.2f} to {high:.2f})  {figures['peak_mib'] / 1024:6.2f} GiB"
        )


def _throughput(record: dict[str, Any], device: str) -> None:
    found: Mapping[str, float] = throughput(device)
    record["throughput"] = dict(found)
    for name, value in found.items():
        print(f"{name}: {value:.4g}")


if __name__ == "__main__":
    main()
