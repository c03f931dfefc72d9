"""The connection to MLflow. Calls are retried while that can help, and writes are counted."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from orchestrator.tracking.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # by default a dead server blocks each call for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
READS = ("get_", "search_", "list_")
"""What the names of calls that change nothing begin with."""


def quiet_mlflow() -> None:
    """Settings that must be in place before MLflow is imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for logger in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    # It prints a page for every error of the database, which it raises as well.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


class Connection:
    """MLflow's client: the methods of `MlflowClient`, with retries.

    Args:
        tracking_uri: of MLflow.
        retry_policy: how often a call is tried.
    """

    def __init__(self, tracking_uri: str, retry_policy: RetryPolicy) -> None:
        quiet_mlflow()
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient(tracking_uri=tracking_uri)
        self._retry_policy = retry_policy
        self.writes = 0
        """Calls so far that change something."""
        self.answered = time.monotonic()
        """When a call last succeeded."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._call, name)

    def make(self, find: Callable[[MlflowClient], str | None], make: Callable[[MlflowClient], str]) -> str:
        """Id of what `find` finds, or else `make` creates; retries look again, as a failed call may have created it."""

        def find_or_make() -> str:
            found = find(self._client)
            if found is None:
                self.writes += 1
                found = make(self._client)
            return found

        return str(self._with_retries(find_or_make))

    def _call(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        if not name.startswith(READS):
            self.writes += 1
        return self._with_retries(getattr(self._client, name), *arguments, **named)

    def _with_retries(self, action: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        answer = self._retry_policy(action, *arguments, **named)
        self.answered = time.monotonic()
        return answer
