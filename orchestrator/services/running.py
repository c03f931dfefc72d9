"""Which services were started, as a file that survives a reboot while the processes do not."""

from __future__ import annotations

import json
from dataclasses import asdict

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem
from orchestrator.services.processes import StartedProcess
from orchestrator.services.service_folder import ServiceFolder


def read_running(folder: ServiceFolder) -> dict[str, StartedProcess]:
    """Started processes by the name of their service, dead ones included.

    Raises:
        InputError: the file is damaged.
    """
    try:
        read = json.loads(folder.running.read_text(encoding="utf-8"))
        return {name: StartedProcess(int(entry["pid"]), float(entry["started"])) for name, entry in read.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        remedy = "end the services by hand, and delete the file"
        raise InputError(Problem(str(folder.running), "is damaged", remedy)) from None


def record(folder: ServiceFolder, service: str, process: StartedProcess | None) -> None:
    """Notes that a service was started, or stopped."""
    entries = read_running(folder)
    if process is None:
        entries.pop(service, None)
    else:
        entries[service] = process
    text = json.dumps({name: asdict(entry) for name, entry in entries.items()}, indent=1)
    write_atomic(folder.running, text + "\n")
