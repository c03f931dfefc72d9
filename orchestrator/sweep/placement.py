"""How many trials of how many workers fit on the cluster as it is and as it may grow, and which can never be placed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from experiments.errors import InputError, Problem
from experiments.trial import Trial
from orchestrator.run_config import RunConfig
from orchestrator.sweep.cluster import Cluster


@dataclass(frozen=True)
class WorkerResources:
    """CPUs and GPUs of one data-parallel worker."""

    cpus: float
    gpus: float

    @property
    def request(self) -> dict[str, float]:
        """Resource request as Ray takes it, such as `{"CPU": 1.0, "GPU": 1.0}`."""
        return {"CPU": self.cpus, **({"GPU": self.gpus} if self.gpus else {})}


def worker_resources(config: RunConfig, cluster: Cluster) -> WorkerResources:
    """Resources of each worker of a run; by default one GPU if the cluster has any."""
    gpus = config.gpus_per_worker
    return WorkerResources(config.cpus_per_worker, float(cluster.has_gpus) if gpus is None else gpus)


@dataclass(frozen=True)
class Placement:
    """How many trials fit on the cluster.

    Attributes:
        cluster: tells what there is now; machines come and go.
        worker: what one worker takes.
        least_workers: with which a trial may run where its own number does not fit; None if it must fit.
        most_at_once: trials; None for as many as fit.
    """

    cluster: Callable[[], Cluster]
    worker: WorkerResources
    least_workers: int | None = None
    most_at_once: int | None = None

    def refuse_unplaceable(self, trials: Iterable[Trial]) -> None:
        """Refuses trials that this cluster has no room for, not even with all nodes that its autoscaler may start.

        Raises:
            InputError: one sentence for the first of them.
        """
        slots, worker = self.most_slots(), self.worker
        size = f"{worker.cpus:g} CPUs" + (f" and {worker.gpus:g} GPUs" if worker.gpus else "")
        for trial in trials:
            if min(trial.workers, self.least_workers or trial.workers) > slots:
                what = f"needs {trial.workers} workers of {size}, there is room for {slots}"
                what += " with all nodes that the autoscaler may start" if self.may_grow else ""
                remedy = "lower --workers, --cpus-per-worker or --gpus-per-worker, or name a cluster with RAY_ADDRESS"
                raise InputError(Problem(trial.label, what, remedy))

    def workers_now(self, trial: Trial) -> int:
        """The workers that a trial starts with: its own number, or as many as fit and divide its batch.

        What fits on the nodes that are there goes before waiting for more of them.
        """
        least, batch = self.least_workers or trial.workers, trial.config.training.batch
        for slots in (self.slots(), self.most_slots()):
            for count in range(min(slots, trial.workers), least - 1, -1):
                if batch % count == 0:
                    return count
        return trial.workers

    def trials_at_once(self, workers: int) -> int:
        """How many trials with so many workers fit once the cluster has grown, or are to wait for its nodes.

        At least one, so that a shrunken cluster does not end the sweep.
        """
        fitting = max(1, self.most_slots() // workers)
        return min(fitting, self.most_at_once or fitting)

    def slots(self) -> int:
        """Workers that fit on the nodes that are there now."""
        return self.cluster().worker_slots(self.worker.cpus, self.worker.gpus)

    def most_slots(self) -> int:
        """Workers that fit once the autoscaler has started all that it may."""
        return self.cluster().most_worker_slots(self.worker.cpus, self.worker.gpus)

    @property
    def may_grow(self) -> bool:
        """Whether an autoscaler may start nodes."""
        return bool(self.cluster().growth.types)
