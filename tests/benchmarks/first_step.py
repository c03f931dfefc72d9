"""Where the time goes between `combo run` and the first optimiser step of its first trial.

    .venv/bin/python tests/benchmarks/first_step.py

The command itself runs, on 20 synthetic clips and a Ray of two CPUs; `marks/sitecustomize.py` notes when it passes
where.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
COMBO = Path(sys.executable).with_name("combo")
TINY = HERE.parent / "orchestrator" / "tiny.yaml"
PHASES = {
    "main entered": "imports of the command line",
    "execute entered": "experiment, fingerprint of the data, plan",
    "init left": "Ray starts",
    "current_cluster entered": "imports of Tune",
    "SingleWorkerTrial.setup entered": "Tune starts the actor",
    "run_trial entered": "imports of torch and the model",
    "fit entered": "lease and trial directory",
    "fresh_network entered": "data sets",
    "fresh_network left": "network",
    "Stepper.step entered": "optimiser, first batch",
    "Stepper.step left": "first step",
}
"""What has just been done at each mark, in order."""


def measure(folder: Path, data: Path) -> list[float]:
    """Seconds of each phase of one run, in an empty folder."""
    folder.mkdir()
    marks = folder / "marks"
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE / "marks"),
        "MARKS_FILE": str(marks),
        "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}',
    }
    began = time.time()
    run = [COMBO, "run", TINY, "--max-trials", "1", "--data", data, "--storage", folder / "storage"]
    subprocess.run(run, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
    passed: dict[str, float] = {}
    for line in marks.read_text().splitlines():
        moment, _, what = line.partition(" ")
        passed.setdefault(what, float(moment))
    moments = [began, *(passed[mark] for mark in PHASES)]
    return [after - before for before, after in pairwise(moments)]


def main() -> None:
    """Prints a table, one row per cause."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is shown")
    rounds = range(parser.parse_args().rounds)
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder:
        data = Path(folder, "data")
        synth = [COMBO, "data", "synth", "--subset", "s4", "--out", data, "--clips", "20", "--size", "32"]
        subprocess.run(synth, stdout=subprocess.DEVNULL, check=True)
        measured = [measure(Path(folder, f"run-{number}"), data) for number in rounds]
    table = Table("until the first step", "seconds", title=f"Medians of {len(measured)} runs")
    for phase, times in zip(PHASES.values(), zip(*measured, strict=True), strict=True):
        table.add_row(phase, f"{median(times):.2f}")
    table.add_row("in all", f"{median(map(sum, measured)):.2f}", style="bold")
    Console().print(table)


if __name__ == "__main__":
    main()
