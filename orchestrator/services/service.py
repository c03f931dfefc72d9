"""One service: how it starts, how one sees that it is up, and how it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Launch:
    """What to start."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables on top of those that every program needs."""
    user: str | None = None
    """Who it runs as, if not this user."""


@dataclass(frozen=True)
class Service:
    """A service by its name."""

    name: str
    ports: tuple[int, ...]
    """All on which it listens; the first one is the one that is used."""
    port_option: str
    """Option of `combo up` that chooses the port."""
    host: str
    prepare: Callable[[], Launch]
    """Makes what it needs, such as its data folder, and says what to start."""
    is_up: Callable[[], bool]
    """Whether it answers as it should, credentials included."""
    finish: Callable[[], None] = lambda: None
    """What is to be done once it is up, such as making a database."""
    address: str = ""
    """Where it is, for people."""
    ask_to_stop: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    start_seconds: float = 120.0
