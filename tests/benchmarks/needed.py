"""What `make gpu` cannot do without, said in a sentence before anything is imported."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {
    "torch": "torch",
    "timm": "timm",
    "scipy": "scipy",
    "safetensors": "safetensors",
    "pyarrow": "pyarrow",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "pydantic": "pydantic",
    "ruamel.yaml": "ruamel.yaml",
}
"""Names of packages by what is imported of them: configurations are pydantic's, presets are YAML."""


def refuse_absent() -> None:
    """Ends the program with one sentence where a package is absent."""
    if absent := [package for module, package in PACKAGES.items() if not _is_there(module)]:
        names = " ".join(absent)
        sys.exit(f"{names}: not installed for {sys.executable}: pip install {names}, or carry the wheels there")


def warn_of_no_compiler() -> None:
    """Says so in one sentence where Triton and PyTorch's compiler have nothing to build their launchers with."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    if not compiler or not headers.exists():
        absent = headers if compiler else "gcc and clang"
        print(f"{absent}: not there, so Triton's kernel and whatever is compiled will fail and is left out")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package around it
        return False
