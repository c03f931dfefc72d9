"""What each trial of a large sweep costs beside training: empty trials through planner, scheduler and store.

    .venv/bin/python tests/benchmarks/control_plane.py
    .venv/bin/python tests/benchmarks/control_plane.py --trials 2000 --without-mlflow
    .venv/bin/python tests/benchmarks/control_plane.py --trials 50 --bucket

One process does all that drivers and workers do, Ray's part apart: it plans the trials, asks the trial scheduler for
each, runs it with its lease, its heartbeat and all its files, and hands its updates to the live view, the metrics and
MLflow. Each tenth of the trials has a row: a cost that grows from row to row depends on the number of trials.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import urllib3
from botocore.httpsession import URLLib3Session
from no_training import replace_training, trials
from prometheus_client import CollectorRegistry, generate_latest
from rich.console import Console
from rich.table import Table
from storage_scale import BUCKET, client_environment, seaweed

from model.training.workers import Workers
from orchestrator.monitoring.sweep_metrics import SweepMetrics
from orchestrator.planning.plan import make_plan
from orchestrator.run_config import RunConfig
from orchestrator.settings import Settings
from orchestrator.storage.opening import open_storage
from orchestrator.storage.storage import Storage
from orchestrator.store.store import Store
from orchestrator.sweep.progress import SweepView
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.tracking.live_sweep import LiveSweep
from orchestrator.trial.leases import LeaseWatch
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from orchestrator.trial.updates import Listener, Update

PARTS = 10
WIDTH = 110
"""Columns of the table."""
DELIVERED_TOGETHER = 50
"""Trials of which MLflow is told at once, as those that end within seconds are."""
STORAGE_CALLS = ("create", "write", "read", "names", "sizes", "publish", "delete", "fetch")


class Costs:
    """Seconds by what they were spent on, and how often something was done."""

    def __init__(self) -> None:
        self.seconds, self.counts = Counter[str](), Counter[str]()

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Counts and times a block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[what] += time.perf_counter() - began
            self.counts[what] += 1


class CountedStorage:
    """A storage of which every call is counted; see `orchestrator.storage.storage.Storage`."""

    def __init__(self, storage: Storage, costs: Costs) -> None:
        self._storage, self._costs = storage, costs

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._storage, name)
        if name not in STORAGE_CALLS:
            return found

        def counted(*words: Any, **options: Any) -> Any:
            self._costs.counts["storage calls"] += 1
            return found(*words, **options)

        return counted

    def __str__(self) -> str:
        return str(self._storage)

    def for_worker(self) -> CountedStorage:
        """See `Storage`."""
        return self


class Channel:
    """From trials to the listeners, without a process between; see `DriverChannel`."""

    def __init__(self, listeners: list[Listener], costs: Costs) -> None:
        self._listeners, self._costs = listeners, costs

    def send(self, update: Update) -> None:
        """Passes an update on at once."""
        with self._costs.of("updates"):
            for listener in self._listeners:
                listener.on_update(update)

    def stop_request(self) -> None:
        """Nobody asks to stop."""


class Told:
    """MLflow as a listener, told when this benchmark says so."""

    def __init__(self, live: LiveSweep) -> None:
        self.live = live

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        self.live.take(update)


def main() -> None:
    """Prints costs per trial."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--without-mlflow", action="store_true")
    parser.add_argument("--bucket", action="store_true", help="on an S3 server on this machine, requests counted")
    words = parser.parse_args()
    replace_training()
    costs = Costs()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="combo-bench-")))
        if words.bucket:
            stack.enter_context(bucket_server(folder))
        named = f"s3://{BUCKET}" if words.bucket else str(folder / "storage")
        storage = CountedStorage(open_storage(named), costs)
        count_flushes_and_requests(costs)
        Console(width=WIDTH).print(measure(folder, storage, costs, words.trials, with_mlflow=not words.without_mlflow))


def measure(folder: Path, storage: Any, costs: Costs, count: int, *, with_mlflow: bool) -> Table:
    """Runs so many trials; a row for each tenth."""
    store, wanted = Store(storage), trials(count, 0, 1)
    with costs.of("plan"):
        to_run = make_plan("scale", wanted, store).to_run
    view = SweepView(Console(file=StringIO(), force_terminal=True, width=140, height=50), "scale", to_run, 0)
    metrics = SweepMetrics("scale", to_run, Counter(), lambda: 0.0)
    registry = CollectorRegistry()
    registry.register(metrics)
    settings = Settings(storage, folder, f"sqlite:///{folder / 'mlflow.db'}", None)
    told = Told(LiveSweep(settings, "scale", "scale", to_run, [], threading.Event()))
    channel = Channel([view, metrics, *([told] if with_mlflow else [])], costs)
    scheduler = TrialScheduler(to_run, store, LeaseWatch(storage), retries=0)
    context = RunContext(storage, data=folder, commit=None, config=RunConfig(checkpoint_every=1))
    table = Table(
        "trials", "next", "trial", "updates", "MLflow", "frame", "scrape", "calls", "requests", "fsyncs", "MB"
    )
    table.title = f"{count} empty trials, planned in {costs.seconds['plan']:.1f} s: milliseconds and numbers per trial"
    for done in range(1, count + 1):
        with costs.of("next"):
            trial = scheduler.next(1, 1)
        assert trial is not None
        with costs.of("trial"):
            for _ in run_trial(trial, context, Workers(), channel, scheduler.attempt(trial.key)):
                pass
        scheduler.finished(trial.key)
        if with_mlflow and done % DELIVERED_TOGETHER == 0:
            with costs.of("MLflow"):
                told.live.deliver()
        if done % (count // PARTS) == 0:
            with costs.of("frame"):
                Console(file=StringIO(), width=140, height=50).print(view._render())
            with costs.of("scrape"):
                generate_latest(registry)
            table.add_row(str(done), *row(costs, count // PARTS))
            costs.seconds.clear()
            costs.counts.clear()
    with costs.of("plan"):
        assert len(make_plan("scale", wanted, store).finished) == count
    table.caption = f"the plan of all, finished: {costs.seconds['plan']:.1f} s"
    return table


def row(costs: Costs, count: int) -> list[str]:
    """Costs of so many trials, per trial."""
    spent = {what: 1000 * seconds / count for what, seconds in costs.seconds.items()}
    spent["trial"] -= spent["updates"]
    return [
        *(f"{spent.get(what, 0):.2f}" for what in ("next", "trial", "updates", "MLflow")),
        *(f"{1000 * costs.seconds[what]:.0f}" for what in ("frame", "scrape")),
        *(f"{costs.counts[what] / count:.1f}" for what in ("storage calls", "requests", "fsync")),
        f"{psutil.Process().memory_info().rss / 2**20:.0f}",
    ]


def count_flushes_and_requests(costs: Costs) -> None:
    """Counts every fsync of this process, and every request to an S3 server."""
    flush, send = os.fsync, URLLib3Session.send

    def counted_flush(descriptor: int) -> None:
        costs.counts["fsync"] += 1
        flush(descriptor)

    def counted_send(session: URLLib3Session, request: Any) -> Any:
        costs.counts["requests"] += 1
        return send(session, request)

    os.fsync, URLLib3Session.send = counted_flush, counted_send


@contextmanager
def bucket_server(folder: Path) -> Iterator[None]:
    """An S3 server with an empty bucket, and the variables by which clients find it."""
    with seaweed(folder / "objects") as endpoint:
        urllib3.request("PUT", f"{endpoint}/{BUCKET}")
        os.environ |= client_environment(endpoint, folder / "cache")
        yield


if __name__ == "__main__":
    main()
