"""Serves metrics to Prometheus, to this machine only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from experiments.errors import InputError, Problem

LOOPBACK = "127.0.0.1"


@contextmanager
def serving_metrics(port: int) -> Iterator[CollectorRegistry]:
    """Serves what is registered, and memory and processor time of this process, while the context is open.

    Args:
        port: at which `http://127.0.0.1:<port>/metrics` answers.

    Raises:
        InputError: nothing can listen there.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(port, LOOPBACK, registry)
    except OSError as error:
        what = f"cannot be used: {error.strerror or error}"
        raise InputError(Problem(f"--metrics-port {port}", what, "name a free one above 1023")) from None
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
