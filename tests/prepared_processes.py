"""Processes that need not import anything when they start."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any
from unittest.mock import patch


class PreparedProcesses:
    """Forks from a server of its own, which has imported some modules before the first process.

    Python has one such server, which imports what the first to ask for a process wants imported: in a run of many tests
    that is somebody else.
    """

    context: ForkServerContext = multiprocessing.get_context("forkserver")

    def __init__(self, *modules: str) -> None:
        self._server = forkserver.ForkServer()
        self._server.set_forkserver_preload(list(modules))

    def start(self, target: Callable[..., None], *words: Any) -> ForkServerProcess:
        """Starts one."""
        process = self.context.Process(target=target, args=words)
        with patch.object(forkserver, "connect_to_new_process", self._server.connect_to_new_process):
            process.start()
        return process
