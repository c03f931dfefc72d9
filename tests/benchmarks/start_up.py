"""Seconds that verbs take which train nothing, each in a process of its own with warm files, beside their goals.

    .venv/bin/python tests/benchmarks/start_up.py combo/table7 --scale demo --data .demo/data --storage .demo/storage

The sweep must be finished, as after `make demo`.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

COMBO = Path(sys.executable).with_name("combo")
ROUNDS = 5


def main() -> None:
    """Prints medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="+", help="an experiment, and settings laid over it")
    parser.add_argument("--scale", default="full")
    parser.add_argument("--data", required=True)
    parser.add_argument("--storage", required=True)
    words = parser.parse_args()
    target = [*words.words, "--scale", words.scale]
    places = ["--data", words.data, "--storage", words.storage]
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as out:
        verbs: dict[str, tuple[list[str], float]] = {
            "python, nothing else": ([sys.executable, "-c", ""], 0.0),
            "--help": ([str(COMBO), "--help"], 0.3),
            "show": ([str(COMBO), "show", *target], 0.6),
            "status": ([str(COMBO), "status", *target, *places], 0.6),
            "plan": ([str(COMBO), "plan", *target, *places], 0.6),
            "run, nothing left to do": ([str(COMBO), "run", *target, *places], 2.5),
            "report build": ([str(COMBO), "report", "build", *target, *places, "--out", out], 2.5),
        }
        for command, _ in verbs.values():
            seconds(command)
        rounds = [{name: seconds(command) for name, (command, _) in verbs.items()} for _ in range(ROUNDS)]
    table = Table("verb", "seconds", "computing", "goal", title=f"median of {ROUNDS}")
    for name, (_, goal) in verbs.items():
        took, computed = (median(taken[name][which] for taken in rounds) for which in (0, 1))
        told = f"{goal:g}: {'met' if took <= goal else 'NOT met'}" if goal else ""
        table.add_row(name, f"{took:.2f}", f"{computed:.2f}", told)
    Console().print(table)


def seconds(command: list[str]) -> tuple[float, float]:
    """Of the clock on the wall, until the process has ended well, and of the processor."""
    began, computed = time.perf_counter(), computing()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, computing() - computed


def computing() -> float:
    """Seconds of the processor that all commands so far have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
