"""A trial in a process that kills itself just before one of the writes that it makes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from experiments.trial import Trial
from model.training.workers import Workers
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from tests.orchestrator.driver import Driver
from tests.prepared_processes import PreparedProcesses

PROCESSES = PreparedProcesses(__name__, "model.training.fit", "model.combo.model", "pyarrow.parquet")
WRITES = {"os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}
"""Python tells its audit hooks of these, and of each file that it opens, before it asks the system."""
DELETES = {"os.remove", "os.rmdir"}
NO_FOLDER = -1
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
NEVER = -1


def train(trial: Trial, storage: Path, data: Path, kill_before: int = NEVER) -> list[str]:
    """Trains in a process of its own.

    Args:
        trial: what to train.
        storage: folder of the trial directory.
        data: the data folder.
        kill_before: number of the write in the storage at which the process kills itself.

    Returns:
        The writes that were made, in order: the system call and the path in the storage.
    """
    ours, theirs = PROCESSES.context.Pipe(duplex=False)
    process = PROCESSES.start(_train, theirs, trial, storage, data, kill_before)
    theirs.close()
    made = []
    try:
        while True:
            made.append(ours.recv())
    except EOFError:
        process.join()
    assert process.exitcode == (0 if kill_before == NEVER else -signal.SIGKILL)
    return made


def _train(told: Connection, trial: Trial, storage: Path, data: Path, kill_before: int) -> None:
    import torch

    torch.set_num_threads(1)
    sys.addaudithook(_killer(storage, kill_before, told.send))
    context = RunContext(storage=FolderStorage(storage), data=data, commit=None, config=RunConfig(checkpoint_every=1))
    for _ in run_trial(trial, context, Workers(), Driver()):
        pass


def _killer(storage: Path, kill_before: int, tell: Callable[[str], None]) -> Callable[[str, tuple[object, ...]], None]:
    root, count = f"{storage}/", 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event != "open" and event not in WRITES:
            return
        is_open = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        # Deleting a folder is told of by names in folders that are open.
        is_here = str(arguments[0]).startswith(root) or (event in DELETES and arguments[1] != NO_FOLDER)
        if not is_here or (event == "open" and not is_open):
            return
        if count == kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        tell(f"{event} {str(arguments[0]).removeprefix(root)}")

    return hook
