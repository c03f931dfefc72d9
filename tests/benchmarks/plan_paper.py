"""Seconds that the plan of a whole paper takes once everything is imported.

    .venv/bin/python tests/benchmarks/plan_paper.py

What `combo plan --all` does, in a fresh process, so that nothing has been read before. The time spent computing tells
how much of it is ours on a machine that is busy with other things.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import model.data.fingerprint  # noqa: F401 - imported by the plan itself otherwise
from experiments.load_experiment import load_experiment
from experiments.target_files import experiment_names
from orchestrator.planning.cost import costs_from
from orchestrator.planning.cost_forecast import forecast_cost
from orchestrator.planning.plan import make_plan, trials_where_data_are
from orchestrator.planning.sweep_names import sweep_name
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

GOAL = 0.3


def main() -> None:
    """Prints the seconds."""
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder:
        store = Store(FolderStorage(Path(folder)))
        began, began_computing = time.perf_counter(), time.process_time()
        experiments = [load_experiment(name) for name in experiment_names()]
        trials, _ = trials_where_data_are(experiments, Path(folder, "data"), None)
        plan = make_plan(sweep_name(experiments, trials), trials, store)
        forecast = forecast_cost(experiments, trials, plan, costs_from(store), store)
        seconds, computing = time.perf_counter() - began, time.process_time() - began_computing
    print(
        f"plan of the whole paper, {forecast.cells} cells, {len(forecast.per_trial)} different trials: "
        f"{seconds:.2f} s after imports, {computing:.2f} s of them computing (goal: {GOAL} s)"
    )


if __name__ == "__main__":
    main()
