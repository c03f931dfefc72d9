"""Are the packages there, in versions that go together?"""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from orchestrator.doctor.finding import Finding, fail, ok

SHOWN = ("torch", "torchvision", "timm", "ray", "mlflow", "optuna", "numpy")
REINSTALL = "install them again as they are locked: make test, or uv pip sync requirements.lock"


def look_at_packages() -> Finding:
    """Compares what is installed with what this package asks for."""
    wrong = [problem for line in requires("combo-lab") or () if (problem := _problem(Requirement(line)))]
    if wrong:
        return fail("; ".join(wrong), REINSTALL)
    return ok(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in SHOWN))


def look_at_torchvision() -> Finding:
    """Checks that torchvision was built for the installed torch; otherwise its operators are missing."""
    try:
        import torch

        import_module("torchvision")  # which registers its operators
    except (ImportError, RuntimeError, OSError) as error:
        versions = f"torch {_version('torch')} and torchvision {_version('torchvision')}"
        cure = "install both from one source: uv pip install --reinstall torch torchvision"
        return fail(f"{versions} do not go together: {str(error).splitlines()[0]}", cure)
    build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for CPUs"
    return ok(f"torch {torch.__version__}, built {build}, and torchvision go together")


def _problem(wanted: Requirement) -> str | None:
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        installed = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    if not wanted.specifier.contains(installed, prereleases=True):
        return f"{wanted.name} is {installed}, not {wanted.specifier}"
    return None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(missing)"
