"""What a sweep costs beyond bare Ray: trials that train nothing, ours against bare Tune and Train, in turns on one Ray.

    .venv/bin/python tests/benchmarks/overhead.py

Every round runs each kind once, so that whatever else the machine does meets all of them; the ratio is that of medians.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from experiments.storage.folder import FolderStorage
from orchestrator.settings import Settings
from orchestrator.store.store import Store
from orchestrator.sweep.agenda import Agenda
from orchestrator.sweep.cluster import current_cluster, running_ray
from orchestrator.sweep.placement import Placement
from orchestrator.trial.attempts import AttemptWatch
from orchestrator.trial.machine import Machine, WorkerShape

SINGLE_TRIALS = 40
"""Of one worker, in one sweep."""
GOAL = 1.1


class Arena:
    """A place where sweeps of either kind run one after the other.

    Args:
        folder: of this machine, empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._seeds = folder, 0

    def ours(self, count: int, workers: int, *, tracked: bool = False) -> float:
        """Seconds of a sweep of ours, from the first look at its trials to the last, MLflow's end included."""
        from no_training import EmptyTrial, coordinate_empty_group, trials

        from orchestrator.sweep import sweep
        from orchestrator.sweep.telemetry import Receiver
        from orchestrator.tracking import Tracker

        sweep.SingleWorkerTrial, sweep.coordinate_group = EmptyTrial, coordinate_empty_group
        wanted = trials(count, self._seeds, workers)
        self._seeds += count
        name = f"empty-{self._seeds}"
        storage = FolderStorage(self._folder / name)
        agenda = Agenda(wanted, Store(storage), AttemptWatch(storage), retries=0)
        machine = Machine(storage, data=self._folder, commit=None, checkpoint_every=1)
        placement = Placement(current_cluster, WorkerShape(1.0, 0.0))
        settings = Settings(storage, self._folder, f"sqlite:///{storage.root / 'mlflow.db'}", None)
        began = time.perf_counter()
        if tracked:
            with Tracker(settings, "overhead", name, wanted, []) as tracker, Receiver([tracker]) as receiver:
                sweep.Sweep(name, agenda, machine, placement, receiver.mailbox).run()
                print("trials done after", time.perf_counter() - began)
        else:
            with Receiver([]) as receiver:
                sweep.Sweep(name, agenda, machine, placement, receiver.mailbox).run()
        seconds = time.perf_counter() - began
        ends = sorted(p.stat().st_mtime for p in storage.root.glob("trials/*/result.json"))
        print("  ours ", len(ends), f"{1000*(ends[-1]-ends[0])/(len(ends)-1):.0f} ms/trial", f"{seconds:.1f}")
        assert all(entry.phase == "finished" for entry in agenda.entries.values()), agenda.entries
        return seconds

    def bare(self, count: int, workers: int) -> float:
        """Seconds of the same trials on Tune alone, or on Tune and Train."""
        from no_training import BareTrial, coordinate_bare_group
        from ray import tune

        from orchestrator.sweep.trainables import COORDINATOR

        trainable, resources = (BareTrial, {"CPU": 1}) if workers == 1 else (coordinate_bare_group, COORDINATOR)
        began = time.perf_counter()
        results = tune.Tuner(
            tune.with_resources(trainable, resources),
            param_space={"trial": tune.grid_search(list(range(count)))},
            tune_config=tune.TuneConfig(reuse_actors=workers == 1),
            run_config=tune.RunConfig(
                storage_path=str(self._folder / "bare"),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        ).fit()
        seconds = time.perf_counter() - began
        assert len(results) == count
        ends = sorted(r.metrics["ended"] for r in results)
        print("  bare ", len(ends), f"{1000*(ends[-1]-ends[0])/(len(ends)-1):.0f} ms/trial", f"{seconds:.1f}")
        assert not results.errors, results.errors[0]
        return seconds


def in_turns(kinds: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Times of each kind, one per round."""
    taken = [[kind() for kind in kinds] for _ in range(rounds)]
    return [list(times) for times in zip(*taken, strict=True)]


def main() -> None:
    """Prints times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of each kind of sweep")
    parser.add_argument("--only", type=int, default=0)
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    os.environ["RAY_OVERRIDE_RESOURCES"] = '{"CPU": 2}'
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder, running_ray(None, verbose=False):
        arena = Arena(Path(folder))
        if options.only in (0, 1):
            kinds = [lambda: arena.bare(options.count, 1), lambda: arena.ours(options.count, 1), lambda: arena.ours(options.count, 1, tracked=True)]
            for times in in_turns(kinds, options.rounds):
                print([round(t, 1) for t in times], round(median(times), 1))
        if options.only in (0, 2):
            kinds = [lambda: arena.bare(1, 2), lambda: arena.ours(1, 2)]
            for times in in_turns(kinds, options.rounds):
                print([round(t, 1) for t in times], round(median(times), 1))


if __name__ == "__main__":
    main()
