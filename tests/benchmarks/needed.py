"""What `make gpu` cannot do without, said in a sentence before anything is imported."""

from __future__ import annotations

import sys
from importlib.util import find_spec

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


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package around it
        return False
