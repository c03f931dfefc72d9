"""Python runs this in every process that has this folder on its path: notes when functions are first entered or left.

So the command is watched as it is, Ray's workers included, and nothing is imported earlier than it would be.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from types import ModuleType
from typing import Any

MARKED = {
    "orchestrator.cli.app": ["main"],
    "orchestrator.sweep.execute": ["execute"],
    "orchestrator.sweep.cluster": ["current_cluster"],
    "orchestrator.sweep.trainables": ["SingleWorkerTrial.setup"],
    "orchestrator.trial.run_trial": ["run_trial", "fit"],
    "model.training.fit": ["fresh_network"],
    "model.training.stepper": ["Stepper.step"],
    "ray._private.worker": ["init"],
}
"""Functions by module."""


class MarkingFinder(importlib.abc.MetaPathFinder):
    """Wraps the marked functions of a module once it is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if name in MARKED else None
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(_execute, spec.loader.exec_module)
        return spec


def _execute(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    execute(module)
    for marked in MARKED[module.__name__]:
        *owners, name = marked.split(".")
        owner = getattr(module, owners[0]) if owners else module
        setattr(owner, name, _marking(getattr(owner, name), marked))


def _marking(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def marked(*arguments: Any, **named: Any) -> Any:
        _note(f"{name} entered")
        value = function(*arguments, **named)
        _note(f"{name} left")
        return value

    return marked


def _note(what: str) -> None:
    with Path(os.environ["MARKS_FILE"]).open("a", encoding="utf-8") as file:
        file.write(f"{time.time()} {what}\n")


sys.meta_path.insert(0, MarkingFinder())
