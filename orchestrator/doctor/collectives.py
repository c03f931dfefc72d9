"""Can the workers of a data-parallel trial add up gradients?

As a program (`python -m orchestrator.doctor.collectives BACKEND WORKERS`) it is the group that tries.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from orchestrator.doctor.finding import Finding, fail, ok
from orchestrator.doctor.own_process import ProbeError, run_in_own_process

SECONDS = 90.0
VALUES = 1_000_000
"""Numbers in the sum, 4 MB: like the gradients of a small layer."""


def look_at_gloo() -> Finding:
    """Two processes on the CPU."""
    return _look("gloo", 2, "see that the loopback interface is up, or name another one in GLOO_SOCKET_IFNAME")


def look_at_nccl() -> Finding:
    """One process for each GPU of this machine."""
    import torch

    if not torch.cuda.is_available():
        return ok("not needed without GPUs")
    cure = "run with NCCL_DEBUG=WARN to see more; try NCCL_P2P_DISABLE=1, or give the container more /dev/shm"
    return _look("nccl", torch.cuda.device_count(), cure)


def _look(backend: str, workers: int, cure: str) -> Finding:
    try:
        took = run_in_own_process("orchestrator.doctor.collectives", backend, str(workers), seconds=SECONDS)
    except ProbeError as error:
        return fail(f"{workers} processes cannot add up: {error}", cure)
    return ok(f"{workers} processes add up 4 MB in {float(took):.1f} ms")


def _add_up(rank: int, backend: str, workers: int, file: str) -> None:
    """One worker: checks the sum over all workers, and times a second one."""
    import torch
    from torch import distributed

    device = torch.device("cuda", rank) if backend == "nccl" else torch.device("cpu")
    limit = timedelta(seconds=SECONDS)
    distributed.init_process_group(backend, f"file://{file}", world_size=workers, rank=rank, timeout=limit)
    for _ in range(2):
        values = torch.full((VALUES,), float(rank + 1), device=device)
        began = time.perf_counter()
        distributed.all_reduce(values)
        total = values[-1].item()
        took = time.perf_counter() - began
    if total != workers * (workers + 1) / 2:
        raise SystemExit(f"the sum is {total:g}, not {workers * (workers + 1) / 2:g}")
    if rank == 0:
        print(1000 * took, flush=True)
    distributed.destroy_process_group()


def _main(backend: str, workers: int) -> None:
    from torch.multiprocessing.spawn import spawn

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        arguments = (backend, workers, str(Path(folder, "meeting")))
        spawn(_add_up, arguments, nprocs=workers)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
