"""A TCP proxy on loopback that a test can tell to refuse, to drop or to hang connections."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 65_536


class Proxy:
    """Passes bytes on to a server while all is well.

    Args:
        target: URL of the server.
    """

    def __init__(self, target: str) -> None:
        place = urlsplit(target)
        self._target = (place.hostname, place.port)
        self._listener: socket.socket | None = None
        self._listen(0)
        self._port = self._listener.getsockname()[1]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._losing = threading.Event()
        self.received = 0
        """Bytes that clients have sent so far."""

    @property
    def address(self) -> str:
        """URL for clients."""
        return f"http://127.0.0.1:{self._port}"

    def refuse(self) -> None:
        """As if the server were gone: living connections break, new ones are refused."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Living connections break, new ones are welcome."""
        for pair in list(self._pairs):
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def lose_answer(self) -> None:
        """The next request arrives, its answer does not: the connection breaks first."""
        self._losing.set()

    def hang(self) -> None:
        """Connections stay open, and nothing comes through."""
        self._flowing.clear()

    def heal(self) -> None:
        """All is well again."""
        self._flowing.set()
        if self._listener is None:
            self._listen(self._port)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        pair = (client, server)
        self._pairs.add(pair)
        back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
        back.start()
        self._pass_on(client, server)
        back.join()
        self._pairs.discard(pair)
        for end in pair:
            end.close()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            from_client = source.getpeername()[1] != self._target[1]
            while data := source.recv(CHUNK):
                self._flowing.wait()
                if self._losing.is_set() and not from_client:
                    self._losing.clear()
                    self.drop()
                    return
                sink.sendall(data)
                self.received += len(data) if from_client else 0
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(target: str):
    """A proxy in front of a server; gone with the context."""
    between = Proxy(target)
    try:
        yield between
    finally:
        between.heal()
        between.refuse()
