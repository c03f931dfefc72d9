"""The toy model of docs/guides/add-a-model.md, installed as the page says, into a folder of its own."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from model.registry import installed_models

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "add-a-model.md"
FILE = re.compile(
    r"^## \d\. [^\n]*`([\w/]+\.(?:py|toml))`\n.*?^```(?:python|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL
)
PRESET = re.compile(r"^```yaml\n(title: A toy.*?)^```", re.MULTILINE | re.DOTALL)
EXPERIMENT = re.compile(r"^```yaml\n(title: How wide.*?)^```", re.MULTILINE | re.DOTALL)


def toy_files() -> dict[str, str]:
    """The files of the package as they stand on the page."""
    files = dict(FILE.findall(PAGE.read_text()))
    assert sorted(files) == ["pyproject.toml", "toy_model/__init__.py", "toy_model/config.py", "toy_model/model.py"]
    return files


def toy_preset() -> str:
    """The preset that the page shows."""
    (text,) = PRESET.findall(PAGE.read_text())
    return text


def toy_experiment() -> str:
    """The experiment that the page shows."""
    (text,) = EXPERIMENT.findall(PAGE.read_text())
    return text


def install(files: dict[str, str], folder: Path) -> Path:
    """Installs a package from its files; returns the folder to import it from."""
    source, target = folder / "source", folder / "installed"
    for name, content in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content)
    uv = [Path(sys.executable).with_name("uv"), "pip", "install", "--python", sys.executable, "--quiet"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*uv, *offline, "--target", target, source], check=True)
    return target


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Lets this process import what is installed in a folder, and forget it afterwards."""
    with patch.object(sys, "path", [str(folder), *sys.path]):
        importlib.invalidate_caches()
        installed_models.cache_clear()
        yield
    _forget(folder)


@contextmanager
def not_importable(folder: Path) -> Iterator[None]:
    """Takes a folder away that `importable` has added, for as long as the context is open."""
    _forget(folder)
    with patch.object(sys, "path", [place for place in sys.path if place != str(folder)]):
        yield
    installed_models.cache_clear()


def _forget(folder: Path) -> None:
    """Forgets what was imported from a folder, and nothing else: other modules know one another."""
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None) or "").startswith(f"{folder}/"):
            del sys.modules[name]
    installed_models.cache_clear()
