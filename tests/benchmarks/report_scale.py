"""What reading ten thousand finished trials takes, beside one bulk read of the tracking store that holds the same runs.

    .venv/bin/python tests/benchmarks/report_scale.py
    .venv/bin/python tests/benchmarks/report_scale.py --trials 1000

Every step runs in a process of its own, and its clock starts after the imports. Each round runs all of them, so that
whatever else the machine does meets all; a ratio is the median of the rounds' own. The files lie in the system's cache
throughout. A goal that is not met stands in the table as such.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from many_trials import ManyRuns, many_trials, write_trial
from rich.console import Console
from rich.progress import track
from rich.table import Table

from experiments.records import METRICS_DIR, RESULT_FILE, TRIAL_FILE, TRIALS

PAGE = 5_000
"""Runs that one request to the tracking store brings; more at a time is no faster, fewer are slower."""
NEW_TRIALS = 10
SEEDS = 20
"""Of every cell of the site's tables, as far as they are stored."""
COLD_RATIO, WARM_RATIO, WARM_SECONDS, MEGABYTES = 1.3, 0.1, 3.0, 500
DATABASE, STORAGE, CACHE = "mlflow.db", "storage", "storage/cache"
STORE_STEP = "tracking store, one bulk read"


@dataclass(frozen=True)
class Taken:
    """What a step took."""

    seconds: float
    computing: float
    """Seconds of the processor, which other work on the machine does not lengthen as much."""
    megabytes: float
    """At most in memory, imports included."""


def read_store(folder: Path) -> Callable[[], int]:
    """All runs of the tracking store, page by page."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / DATABASE}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]

    def read() -> int:
        runs, token = [], None
        while True:
            page = client.search_runs(experiments, max_results=PAGE, page_token=token)
            runs += page
            token = page.token
            if not token:
                return len(runs)

    return read


def read_files(folder: Path) -> Callable[[], int]:
    """Opens and reads the files behind the results, and does nothing with them."""

    def read() -> int:
        trials = list((folder / STORAGE / TRIALS).iterdir())
        for trial in trials:
            for name in (TRIAL_FILE, RESULT_FILE, f"{METRICS_DIR}/attempt-1.jsonl"):
                (trial / name).read_bytes()
        return len(trials)

    return read


def read_results(folder: Path) -> Callable[[], int]:
    """Results alone, as an overview needs them."""
    from reports.stored import results

    return lambda: len(results.read_results(folder / STORAGE, folder / CACHE))


def read_results_and_curves(folder: Path) -> Callable[[], int]:
    """Results and every learning curve: all that the metrics files hold."""
    from reports.stored import results

    def read() -> int:
        found = results.read_results(folder / STORAGE, folder / CACHE)
        return len(found.curves([trial.key for trial in found]))

    return read


def build_site(folder: Path) -> Callable[[], int]:
    """The whole site: every table and plot of both papers, with as many seeds as are stored of them."""
    from experiments.expand import expand
    from experiments.load_experiment import load_experiment
    from experiments.settings_tables import settings_tables
    from experiments.target_files import experiment_names
    from reports.build import ReportedExperiment, Request, build_report
    from reports.drawing.kept_drawings import keeping_drawings
    from reports.stored import results

    def build() -> int:
        experiments = [load_experiment(name, assigned={"seeds": list(range(SEEDS))}) for name in experiment_names()]
        reported = [ReportedExperiment(scaled, expand(scaled)) for scaled in experiments]
        with keeping_drawings(folder / CACHE / "reports/drawings"):
            found = results.read_results(folder / STORAGE, folder / CACHE)
            return len(build_report(Request(reported, settings_tables()), found, folder / "site").files)

    return build


STEPS = {
    "store": read_store,
    "files": read_files,
    "results": read_results,
    "curves": read_results_and_curves,
    "site": build_site,
}
"""What a process of its own can do; the inner function is what is timed."""


def main() -> None:
    """Prepares, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.step is not None:
        run_step(words.step, words.folder)
        return
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder:
        prepare(Path(folder), words.trials)
        stored = [words.trials + NEW_TRIALS * number for number in range(words.rounds)]
        rounds = [one_round(Path(folder), count) for count in track(stored, "rounds")]
    Console().print(as_table(words.trials, rounds))


def prepare(folder: Path, count: int) -> None:
    """Writes the trials and an MLflow store with the same runs."""
    from mlflow import MlflowClient

    experiment = MlflowClient(f"sqlite:///{folder / DATABASE}").create_experiment("bench")
    runs = ManyRuns(folder / DATABASE, experiment)
    for key, config, metrics in track(many_trials(0, count), "writing trials", total=count):
        write_trial(folder / STORAGE, key, config, metrics)
        runs.add(key, metrics)
    runs.close()


def one_round(folder: Path, stored: int) -> dict[str, Taken]:
    """Every step once; ten more trials are stored after it.

    Args:
        folder: of the benchmark.
        stored: trials that there are.
    """
    taken = {STORE_STEP: measure("store", folder), "the trials' files, only opened and read": measure("files", folder)}
    shutil.rmtree(folder / CACHE, ignore_errors=True)
    taken["results, cold"] = measure("results", folder)
    taken["results, warm"] = measure("results", folder)
    shutil.rmtree(folder / CACHE)
    taken["results and all curves, cold"] = measure("curves", folder)
    taken["results and all curves, warm"] = measure("curves", folder)
    shutil.rmtree(folder / CACHE)
    taken["the whole site, cold"] = measure("site", folder)
    taken["the whole site, warm"] = measure("site", folder)
    for trial in many_trials(stored, NEW_TRIALS):
        write_trial(folder / STORAGE, *trial)
    taken[f"the whole site, warm, {NEW_TRIALS} new trials"] = measure("site", folder)
    return taken


def measure(step: str, folder: Path) -> Taken:
    """Runs a step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Taken(**json.loads(said))


def run_step(name: str, folder: Path) -> None:
    """Prints what a step takes in this process."""
    step = STEPS[name](folder)
    began, began_computing = time.perf_counter(), time.process_time()
    assert step() > 0
    seconds, computing = time.perf_counter() - began, time.process_time() - began_computing
    # Unlike getrusage, this does not count what the parent held before this program was loaded.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    print(json.dumps({"seconds": seconds, "computing": computing, "megabytes": int(peak[1]) / 1024}))


def as_table(trials: int, rounds: list[dict[str, Taken]]) -> Table:
    """Medians of the rounds beside the goals."""
    title = f"{trials} finished trials of 50 metrics; goals: cold {COLD_RATIO} of the store's bulk read, "
    title += f"warm {WARM_RATIO} and {WARM_SECONDS:.0f} s, {MEGABYTES} MB"
    table = Table("step", "seconds", "computing", "of the store's", "peak MB", "goals", title=title)
    for name in rounds[0]:
        seconds = median(taken[name].seconds for taken in rounds)
        ratio = median(taken[name].seconds / taken[STORE_STEP].seconds for taken in rounds)
        computing = median(taken[name].computing for taken in rounds)
        megabytes = max(taken[name].megabytes for taken in rounds)
        numbers = f"{seconds:.2f}", f"{computing:.2f}", f"{ratio:.2f}", f"{megabytes:.0f}"
        table.add_row(name, *numbers, verdict(name, seconds, ratio, megabytes))
    return table


def verdict(name: str, seconds: float, ratio: float, megabytes: float) -> str:
    """Whether a step meets its goals; nothing for those that have none."""
    if "cold" in name:
        met = ratio <= COLD_RATIO and megabytes < MEGABYTES
    elif "warm" in name:
        met = ratio <= WARM_RATIO and seconds < WARM_SECONDS and megabytes < MEGABYTES
    else:
        return ""
    return "met" if met else "NOT met"


if __name__ == "__main__":
    main()
