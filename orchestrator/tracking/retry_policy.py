"""Retries calls that a server, a database or a network refused for the moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from orchestrator.redaction import redacted

WAITS = (0.2, 0.5, 1.0, 2.0)
"""Seconds before each retry."""
REFUSED_FOR_NOW = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class RetryPolicy:
    """Calls functions and retries them, with growing pauses.

    Args:
        waits: seconds before the second try, the third, and so on.
        given_up: once set, nothing is retried.
    """

    def __init__(self, waits: Sequence[float] = WAITS, given_up: threading.Event | None = None) -> None:
        self._waits, self._given_up = waits, given_up or threading.Event()

    def __call__(self, action: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Calls and returns the result. Raises the last error, or at once an error that a retry cannot help."""
        for wait in self._waits:
            try:
                return action(*arguments, **named)
            except Exception as error:
                if not is_transient(error) or self._given_up.wait(wait):
                    raise
        return action(*arguments, **named)


def is_transient(error: Exception) -> bool:
    """Whether the same call can succeed later: the network failed, or MLflow was busy or in trouble."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        status = error.get_http_status_code()
        return bool(status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in REFUSED_FOR_NOW)
    return isinstance(error, OSError)


def what_went_wrong(error: Exception) -> str:
    """The first line of an error of MLflow, without credentials."""
    return redacted(f"{type(error).__name__}: {error}".splitlines()[0])
