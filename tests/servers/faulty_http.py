"""An HTTP proxy on loopback that answers a part of all requests with an error, or not at all."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

DROPPED = {"connection", "transfer-encoding", "content-encoding", "content-length"}
"""Headers that concern one connection only."""


class FaultyServer(ThreadingHTTPServer):
    """Passes requests on, except for those that a seeded die chooses.

    Args:
        target: address of the server behind it.
        share: of the requests that go wrong: a third answer 500 before, a third 500 after they were carried out, and a
            third keep the client waiting and then hang up.
        wait: seconds for which those keep it waiting.
    """

    daemon_threads = True

    def __init__(self, target: str, share: float, wait: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.share, self.wait = target, share, wait
        self._die, self._lock = random.Random(0), threading.Lock()
        self.faults = 0
        self.requests = 0

    @property
    def address(self) -> str:
        """URL for clients."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fault(self) -> str | None:
        """What goes wrong with the next request."""
        with self._lock:
            self.requests += 1
            if self._die.random() >= self.share:
                return None
            self.faults += 1
            return self._die.choice(["before", "after", "silence"])

    def handle_error(self, *_: Any) -> None:
        """Clients hang up when they have waited long enough."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fault()
        if fault == "silence":
            time.sleep(self.server.wait)
            self.close_connection = True
            return
        if fault == "before":
            self._answer(500, {}, b"out of order")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = requests.request(self.command, self.server.target + self.path, data=body, headers=headers, timeout=60)
        if fault == "after":
            self._answer(500, {}, b"out of order")
        else:
            self._answer(answer.status_code, answer.headers, answer.content)

    def _answer(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in DROPPED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def faulty_http(target: str, share: float = 0.3, wait: float = 2.0) -> Iterator[FaultyServer]:
    """A faulty proxy in front of a server; gone with the context."""
    server = FaultyServer(target, share, wait)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
