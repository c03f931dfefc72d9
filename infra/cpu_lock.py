"""Divides the lock for a machine without a GPU: what PyPI has, without CUDA, and what PyTorch's own index has.

    python infra/cpu_lock.py requirements.lock REST TORCH

REST is the lock without PyTorch and CUDA, every package with its hashes. TORCH names PyTorch's packages in the locked
versions, without hashes: their CPU builds are other files than the locked ones, on an index of PyTorch's own.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

FROM_PYTORCH = ("torch", "torchvision")
CUDA = re.compile(r"nvidia-(?!ml-py)|cuda-|triton$")
"""What only the CUDA builds of PyTorch need; `nvidia-ml-py` is asked by the lab itself, for what a GPU is doing."""
ENTRY = re.compile(r"^(?=[\w-])", re.MULTILINE)


def divide(lock: str) -> tuple[str, str]:
    """The lock without PyTorch and CUDA, and PyTorch's packages as `name==version`, one a line."""
    rest, pins = [], []
    for entry in filter(str.strip, ENTRY.split(lock)):
        name = entry.partition("==")[0]
        if name in FROM_PYTORCH:
            pins.append(entry.partition(" ")[0] + "\n")
        elif not CUDA.match(name):
            rest.append(entry)
    return "".join(rest), "".join(pins)


if __name__ == "__main__":
    lock, *written = map(Path, sys.argv[1:])
    for file, text in zip(written, divide(lock.read_text()), strict=True):
        file.write_text(text)
