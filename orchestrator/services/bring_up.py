"""Starts the services that do not run, stops those that do, and tells their state."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from experiments.errors import InputError, Problem
from orchestrator.services.mlflow_server import mlflow_server
from orchestrator.services.object_store import object_store
from orchestrator.services.postgres import postgres
from orchestrator.services.processes import StartedProcess, last_words, start
from orchestrator.services.ray_head import ray_head
from orchestrator.services.running import read_running, record
from orchestrator.services.service import Service
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import LOOPBACK, ServiceSettings

POLL_SECONDS = 0.2
PATIENT_SECONDS = 15.0
"""Time in which a service that was started earlier must answer."""
KEPT = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "CUDA_VISIBLE_DEVICES",
)
"""Variables of the caller that services get; others could be meant for other servers."""


@dataclass(frozen=True)
class ServiceState:
    """What is to be said of a service."""

    name: str
    state: Literal["up", "not answering", "dead", "down"]
    address: str
    process: StartedProcess | None


def services_of(folder: ServiceFolder, settings: ServiceSettings) -> list[Service]:
    """The services, each after those that it needs."""
    found = [postgres(folder, settings), object_store(folder, settings), mlflow_server(folder, settings)]
    return [*found, ray_head(folder, settings)] if settings.with_ray else found


def bring_up(folder: ServiceFolder, settings: ServiceSettings, on_start: Callable[[str], None]) -> list[str]:
    """Starts the services that do not run; returns their names.

    Args:
        folder: of the services, to which this process has the only access.
        settings: ports and the address to listen on.
        on_start: called with the name of each service that is about to start.

    Raises:
        InputError: one cannot start, or one that runs does not answer; what this call has started is stopped again.
    """
    running, started = read_running(folder), list[Service]()
    services = services_of(folder, settings)
    alive = {name: process for name, process in running.items() if process.find()}
    _refuse_taken_ports([service for service in services if service.name not in alive])
    try:
        for service in services:
            if process := alive.get(service.name):
                _wait(service, process, folder, PATIENT_SECONDS)
                continue
            on_start(service.name)
            started.append(service)
            _start(service, folder)
            service.finish()
    except BaseException:
        for service in reversed(started):
            _stop(service, folder)
        raise
    return [service.name for service in started]


def bring_down(folder: ServiceFolder, settings: ServiceSettings) -> list[str]:
    """Stops the services that run, the last one first; returns their names."""
    alive = [name for name, process in read_running(folder).items() if process.find()]
    for service in reversed(services_of(folder, replace(settings, with_ray=True))):
        _stop(service, folder)
    return alive


def states(folder: ServiceFolder, settings: ServiceSettings) -> list[ServiceState]:
    """The state of each service."""
    running = read_running(folder)
    return [_state(service, running.get(service.name)) for service in services_of(folder, settings)]


def _state(service: Service, process: StartedProcess | None) -> ServiceState:
    if process is None:
        return ServiceState(service.name, "down", service.address, None)
    if process.find() is None:
        return ServiceState(service.name, "dead", service.address, process)
    return ServiceState(service.name, "up" if service.is_up() else "not answering", service.address, process)


def _start(service: Service, folder: ServiceFolder) -> None:
    _refuse_taken_ports([service])  # one that came up before may listen there
    launch = service.prepare()
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(launch.environment)
    try:
        process = start(launch.command, environment, folder.log(service.name), launch.user)
    except OSError as error:
        what = f"cannot be started: {launch.command[0]}: {error.strerror}"
        raise InputError(Problem(service.name, what, "install it where this user may run it")) from None
    record(folder, service.name, process)
    _wait(service, process, folder, service.start_seconds)


def _wait(service: Service, process: StartedProcess, folder: ServiceFolder, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not service.is_up():
        if process.find() is None:
            what = f"ended as soon as it was started: {last_words(folder.log(service.name))}"
            raise InputError(Problem(service.name, what, f"see {folder.log(service.name)}"))
        if time.monotonic() > end:
            what = f"runs as process {process.pid}, but does not answer at {service.address}"
            remedy = f"combo down, then combo up; its log is {folder.log(service.name)}"
            raise InputError(Problem(service.name, what, remedy))
        time.sleep(POLL_SECONDS)


def _stop(service: Service, folder: ServiceFolder) -> None:
    process = read_running(folder).get(service.name)
    if process is not None:
        process.stop(service.ask_to_stop, service.stop_seconds)
        record(folder, service.name, None)


def _refuse_taken_ports(services: Sequence[Service]) -> None:
    """Names the first taken port of each service, all of them at once."""
    if problems := [problem for service in services if (problem := next(_taken_ports(service), None))]:
        raise InputError(*problems)


def _taken_ports(service: Service) -> Iterator[Problem]:
    for port in service.ports:
        for host in dict.fromkeys((service.host, LOOPBACK)):
            try:
                with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((host, port))
            except OSError as error:
                where = f"{service.name}: port {port} of {host}"
                what = f"cannot be listened on: {error.strerror}"
                yield Problem(where, what, f"choose another one with {service.port_option}")
