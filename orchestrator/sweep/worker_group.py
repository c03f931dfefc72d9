"""How Ray Train sets up the processes of a worker group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ray.train.torch import TorchConfig

from orchestrator.trial.termination import listen_for_termination


@dataclass
class GroupBackend(TorchConfig):
    """Ray's PyTorch backend, whose workers also take SIGTERM as a stop request.

    Training runs on a thread of each worker, signals are heard by its main thread, where this set-up runs.
    """

    @property
    def backend_cls(self) -> type:
        """See Ray: what starts the group."""
        base: Any = super().backend_cls

        class Listening(base):
            def on_start(self, worker_group: Any, backend_config: Any) -> None:
                super().on_start(worker_group, backend_config)
                worker_group.execute(listen_for_termination)

        return Listening
