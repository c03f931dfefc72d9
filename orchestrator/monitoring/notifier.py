"""Tells people who are elsewhere: a command or a webhook of the user's, when a trial fails or the sweep ends."""

from __future__ import annotations

import http.client
import json
import queue
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from experiments.errors import InputError, Problem
from experiments.trial import Trial
from orchestrator.redaction import redacted
from orchestrator.trial.updates import Failed, Started, Update

WEBHOOK_SECONDS, COMMAND_SECONDS = 10, 30
"""Longest time that one message may take."""
CLOSE_SECONDS = 20
"""Longest time that the end of a run waits for messages that are under way."""
Fields = dict[str, str | int | None]


class Notifier:
    """Sends messages from a thread of its own, in their order; a message that cannot be sent is told, and lost.

    Args:
        target: an address that begins with `http://` or `https://`, or a command.
        sweep: its name, in every message.
        on_trouble: called with a sentence when a message could not be sent, from the thread.

    Raises:
        InputError: the command's program is not there, or what begins like an address is no web address.
    """

    def __init__(self, target: str, sweep: str, on_trouble: Callable[[str], None]) -> None:
        self._target, self._sweep, self._on_trouble = target, sweep, on_trouble
        self._is_webhook = target.lower().startswith(("http://", "https://"))
        self._host = _host_of(target) if self._is_webhook else ""
        self._words = [] if self._is_webhook else _words_of(target)
        self._waiting: queue.SimpleQueue[Fields | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self._thread.start()

    def send(self, event: str, text: str, **fields: str | int | None) -> None:
        """Sends a message soon.

        Args:
            event: `trial-failed` or `sweep-ended`.
            text: what people read; secrets are taken out.
            fields: what programs read beside it.
        """
        time = datetime.now(UTC).isoformat(timespec="seconds")
        self._waiting.put({"event": event, "sweep": self._sweep, "text": redacted(text), "time": time, **fields})

    def close(self) -> None:
        """Waits until all is sent, but not for long."""
        self._waiting.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _send_all(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                if self._is_webhook:
                    self._post(message)
                else:
                    self._call(message)
            except (OSError, http.client.HTTPException, subprocess.SubprocessError, ValueError) as error:
                self._on_trouble(f"a message could not be sent to {self._name}: {_reason(error)}")

    def _post(self, message: Fields) -> None:
        content = json.dumps(message).encode()
        # Brings sockets and TLS, which a run with nothing to tell does not wait for.
        import urllib.request

        request = urllib.request.Request(self._target, content, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WEBHOOK_SECONDS):
            pass

    def _call(self, message: Fields) -> None:
        subprocess.run(
            [*self._words, str(message["text"])],
            input=json.dumps(message),
            text=True,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=True,
        )

    @property
    def _name(self) -> str:
        """What may be printed of the target: the path of a webhook is often its password."""
        return self._host if self._is_webhook else self._words[0]


class FailureNotices:
    """A listener that tells of trials which failed for good in this run.

    Args:
        notifier: sends the messages.
        trials: those that run; of a search, more come as they start.
    """

    def __init__(self, notifier: Notifier, trials: Sequence[Trial]) -> None:
        self._notifier = notifier
        self._labels = {trial.key: trial.label for trial in trials}

    def on_update(self, update: Update) -> None:
        """See `Listener`."""
        match update:
            case Started():
                self._labels[update.key] = update.trial.label
            case Failed() if not update.again:
                label, failure = self._labels.get(update.key, update.key), update.failure
                text = f"trial failed: {label}: {failure.kind}: {failure.message}"
                self._notifier.send(
                    "trial-failed", text, trial=update.key, category=failure.category, attempt=failure.attempt
                )


@contextmanager
def notifying(target: str | None, sweep: str, on_trouble: Callable[[str], None]) -> Iterator[Notifier | None]:
    """A notifier while the context is open; None without a target. An error that ends the context is told too.

    Raises:
        InputError: see `Notifier`.
    """
    if not target:
        yield None
        return
    notifier = Notifier(target, sweep, on_trouble)
    try:
        yield notifier
    except Exception as error:
        notifier.send("sweep-ended", f"{sweep} ended with an error: {type(error).__name__}: {error}")
        raise
    finally:
        notifier.close()


def _host_of(address: str) -> str:
    remedy = "write it as https://host/path or https://host:port/path"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # a port that is no number is found when it is asked for
    except ValueError:
        host = None
    if host is None or any(letter.isspace() for letter in address):
        raise InputError(Problem("--notify", "is not a web address", remedy))
    if parts.username is not None:
        raise InputError(Problem("--notify", "holds a user name, which no webhook is told", remedy))
    return host


def _words_of(command: str) -> list[str]:
    remedy = "name a program that is on the PATH, or an address that begins with https://"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(Problem("--notify", f"is no command: {error}", remedy)) from None
    if not words or shutil.which(words[0]) is None:
        raise InputError(Problem("--notify", f"names no program: '{words[0] if words else ''}'", remedy))
    return words


def _reason(error: Exception) -> str:
    match error:
        case HTTPError():
            return f"it answered {error.code}"
        case URLError():
            return _reason(error.reason) if isinstance(error.reason, Exception) else str(error.reason)
        case subprocess.CalledProcessError():
            return f"it ended with code {error.returncode}"
        case subprocess.TimeoutExpired():
            return f"it took longer than {error.timeout:g} s"
        case TimeoutError():
            return f"no answer within {WEBHOOK_SECONDS} s"
        case http.client.HTTPException():
            return "what answers there does not speak HTTP"
        case OSError(strerror=str(reason)):
            return reason
    return type(error).__name__
