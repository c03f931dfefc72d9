"""Seconds that `combo run` spends on planning thousands of trials, half of which start from others.

    .venv/bin/python tests/benchmarks/plan_scale.py

From an experiment that is read to a scheduler that is filled, and the second plan with which a run ends. Where every
trial costs the same, ten times as many take about ten times as long.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

import model.data.fingerprint  # noqa: F401 - imported by the plan itself otherwise
from experiments.load_experiment import load_experiment
from experiments.scaled_experiment import ScaledExperiment
from orchestrator.planning.plan import make_plan, trials_where_data_are
from orchestrator.planning.sweep_names import sweep_name
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.sweep.progress import SweepView
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.trial.leases import LeaseWatch

FEW, MANY = 200, 2_000
SEEDS = 25
ASKED = 8
"""Times that a run asks its plan what is to run."""
ROUNDS = 3
GOAL = 1.0


def main() -> None:
    """Prints the seconds, and how they grow."""
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder:
        few, many = (partial(plan, experiment_of(count, Path(folder)), Path(folder), count) for count in (FEW, MANY))
        rounds = [(taken(few), taken(many)) for _ in range(ROUNDS)]
    (_, computing_few), (seconds, computing) = (min(times) for times in zip(*rounds, strict=True))
    print(
        f"plan of {MANY} trials, half of which start from others: {seconds:.2f} s after imports, {computing:.2f} s of "
        f"them computing (goal: {GOAL:g} s), {computing / computing_few:.1f} times what {FEW} take "
        f"(linear: {MANY / FEW:g})"
    )


def experiment_of(count: int, folder: Path) -> ScaledExperiment:
    """An experiment of so many trials: on S4, and on MS3 from the best weights of S4."""
    path = folder / f"of-{count}.yaml"
    variants = [
        {"name": f"v{n}", "label": f"{n}", "overrides": {"loss.lambda_ada": n}, "starts_from": {"ms3": "s4"}}
        for n in range(count // (2 * SEEDS))
    ]
    content = {
        "title": "Many trials",
        "paper": "combo",
        "preset": "combo_r50",
        "tasks": ["s4", "ms3"],
        "seeds": [*range(SEEDS)],
        "variants": variants,
        "table": {"number": "1", "caption": "Many trials", "row_header": "variant"},
    }
    path.write_text(json.dumps(content))
    return load_experiment(str(path))


def plan(scaled: ScaledExperiment, folder: Path, count: int) -> None:
    """What a run of the experiment asks of its plans, with nothing stored yet."""
    store = Store(FolderStorage(folder / "storage"))
    trials, _ = trials_where_data_are([scaled], folder / "data", None)
    before, after = (make_plan(sweep_name([scaled], trials), trials, store) for _ in range(2))
    for _ in range(ASKED):
        assert len(before.to_run) == count
    assert not [*after.failed, *after.finished]
    SweepView(Console(), before.name, before.to_run, before.count("finished"))
    assert TrialScheduler(before.to_run, store, LeaseWatch(store.storage), retries=0).worker_counts() == [1]


def taken(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock on the wall, and those spent computing."""
    began, began_computing = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - began_computing


if __name__ == "__main__":
    main()
