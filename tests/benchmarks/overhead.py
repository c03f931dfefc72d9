"""What a sweep costs beyond bare Ray: trials that train nothing, ours against bare Tune and Train, in turns on one Ray.

    .venv/bin/python tests/benchmarks/overhead.py

Every round runs each kind once, every other one backwards, so that whatever else the machine does meets all of them. A
ratio is the median of the rounds' own. Seconds include the start of the actors; what follows the first trial is shown
per trial beside them. What was computed, by this process and all of Ray's, is what counts on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from usage import Usage

from orchestrator.run_config import RunConfig
from orchestrator.settings import Settings
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.sweep.cluster import ClusterWatch, running_ray
from orchestrator.sweep.placement import Placement, WorkerResources
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.tracking.tracker import Tracker
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.run_context import RunContext

ONE_WORKER, TWO_WORKERS = 40, 1
"""Trials in one sweep: many that reuse actors, one that starts a group."""
GOAL = 1.15


@dataclass(frozen=True)
class Taken:
    """What one sweep took."""

    seconds: float
    ends: list[float]
    """When each trial ended."""

    @property
    def per_trial(self) -> float:
        """Milliseconds from one end of a trial to the next."""
        return 1000 * (max(self.ends) - min(self.ends)) / max(1, len(self.ends) - 1)


class Arena:
    """A place where sweeps of either kind run one after the other.

    Ray is imported in it only: its settings are read when it is.

    Args:
        folder: of this machine, empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._trials = folder, 0

    def ours(self, count: int, workers: int, *, tracked: bool = False) -> Taken:
        """A sweep of ours, from the first look at its trials until the driver channel (and MLflow) is closed."""
        from no_training import empty_group_coordinator, empty_single_worker_trial, trials

        from orchestrator.sweep import sweep
        from orchestrator.sweep.driver_channel import ChannelReceiver
        from orchestrator.sweep.node_wait import NodeWait
        from orchestrator.sweep.ray_watch import RayWatch

        sweep.single_worker_trial, sweep.group_coordinator = empty_single_worker_trial, empty_group_coordinator
        wanted = trials(count, self._trials, workers)
        self._trials += count
        name = f"empty-{self._trials}"
        storage = FolderStorage(self._folder / name)
        scheduler = TrialScheduler(wanted, Store(storage), LeaseWatch(storage), retries=0)
        context = RunContext(storage, data=self._folder, commit=None, config=RunConfig(checkpoint_every=1))
        placement = Placement(ClusterWatch(), WorkerResources(1.0, 0.0))
        settings = Settings(storage, self._folder, f"sqlite:///{storage.root / 'mlflow.db'}", None)
        began = time.perf_counter()
        with Tracker(settings, "overhead", name, wanted, []) if tracked else nullcontext() as tracker:  # noqa: SIM117
            with ChannelReceiver([tracker] if tracker else []) as receiver, RayWatch() as watch:
                node_wait = NodeWait(placement, lambda: scheduler, Console())
                sweep.Sweep(name, scheduler, context, placement, receiver.channel_actor, watch, node_wait).run()
        seconds = time.perf_counter() - began
        results = list(storage.root.glob("trials/*/result.json"))
        assert len(results) == count
        return Taken(seconds, [result.stat().st_mtime for result in results])

    def bare(self, count: int, workers: int) -> Taken:
        """The same trials on Tune alone, or on Tune and Train."""
        from no_training import BareTrial, coordinate_bare_group
        from ray import tune

        trainable, resources = (BareTrial, {"CPU": 1.0}) if workers == 1 else (coordinate_bare_group, {"memory": 1.0})
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
        assert not results.errors, results.errors[0]
        return Taken(seconds, [result.metrics["ended"] for result in results])


def prepare_ray() -> None:
    """Gives Ray two CPUs, and lets its processes import what lies beside this file."""
    os.environ["RAY_OVERRIDE_RESOURCES"] = '{"CPU": 2}'
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).resolve().parent), *sys.path[1:]])


def main() -> None:
    """Prints times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of each kind of sweep")
    rounds = range(parser.parse_args().rounds)
    prepare_ray()
    ray = running_ray(None, verbose=False, with_groups=True)
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder, ray:
        arena = Arena(Path(folder))
        kinds = {
            f"{ONE_WORKER} trials, one worker: bare Tune": lambda: arena.bare(ONE_WORKER, 1),
            "ours": lambda: arena.ours(ONE_WORKER, 1),
            "ours, in MLflow too": lambda: arena.ours(ONE_WORKER, 1, tracked=True),
            f"{TWO_WORKERS} trial, two workers: bare Tune and Train": lambda: arena.bare(TWO_WORKERS, 2),
            "ours, two workers": lambda: arena.ours(TWO_WORKERS, 2),
        }
        measured: list[dict[str, tuple[Taken, float]]] = []
        for number in rounds:
            measured.append({})
            for name in kinds if number % 2 == 0 else reversed(kinds):
                with Usage() as usage:
                    taken = kinds[name]()
                measured[-1][name] = taken, usage.computed
    columns = ("seconds", "of bare", "computed", "of bare", "ms per further trial")
    table = Table("empty trials", *columns, title=f"Goal: {GOAL} of bare")
    bare = ""
    for name in kinds:
        bare = name if "bare" in name else bare
        pairs = [(round_[name], round_[bare]) for round_ in measured]
        seconds = median(taken.seconds for (taken, _), _ in pairs)
        ratio = median(taken.seconds / other.seconds for (taken, _), (other, _) in pairs)
        computed = median(spent for (_, spent), _ in pairs)
        of_bare = median(spent / other for (_, spent), (_, other) in pairs)
        further = median(taken.per_trial for (taken, _), _ in pairs)
        numbers = (f"{seconds:.1f}", f"{ratio:.2f}", f"{computed:.1f}", f"{of_bare:.2f}")
        table.add_row(name, *numbers, f"{further:.0f}" if further else "")
    Console().print(table)


if __name__ == "__main__":
    main()
