"""Serves a site to this machine, and to nobody else."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from experiments.errors import InputError, Problem
from reports.site import paths

LOOPBACK = "127.0.0.1"
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class _Handler(SimpleHTTPRequestHandler):
    """Answers reading requests that call this machine by its own names, for files that the report has written."""

    _caching = "no-cache"

    def __init__(
        self, *args: Any, folder: Path, written: Callable[[], frozenset[str]], live: Callable[[str], bytes | None]
    ) -> None:
        self._written, self._live = written, live
        super().__init__(*args, directory=str(folder))

    def do_GET(self) -> None:
        if not self._is_called_by_its_name():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif (content := self._live(self._name())) is not None:
            if self._name() != paths.LIVE:
                # Pictures are named after their content, and the page asks for them every few seconds.
                self._caching = "max-age=86400, immutable"
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", mimetypes.guess_type(self._name())[0] or "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        elif self._name() in self._written():
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        if not self._is_called_by_its_name():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif self._name() in self._written():
            super().do_HEAD()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", self._caching)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal shows what is built."""

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/") or paths.OVERVIEW

    def _is_called_by_its_name(self) -> bool:
        """A page elsewhere whose name leads to this machine (DNS rebinding) calls it by that name."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        return host in (LOOPBACK, "localhost")


@contextmanager
def serving_site(
    folder: Path, port: int, written: Callable[[], frozenset[str]], live: Callable[[str], bytes | None]
) -> Iterator[str]:
    """Serves while the context is open; gives the address.

    Args:
        folder: of the site.
        port: to listen at; 0 for any free one.
        written: gives the names of the site's files below the folder, as they are now.
        live: gives the page of the running sweep and its pictures by their names, as they are now; None for others.

    Raises:
        InputError: nothing can listen there.
    """
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, folder=folder, written=written, live=live))
    except OSError as error:
        what = f"cannot be used: {error.strerror or error}"
        raise InputError(Problem(f"--port {port}", what, "name a free one above 1023")) from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
