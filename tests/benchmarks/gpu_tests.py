"""The tests that are marked for a GPU, in a process of their own."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PRESETS = "released_preset"
"""In the names of the tests that take most of the time."""
SELECT = ("-m", "gpu", "-p", "no:cacheprovider", "-o", "addopts=", "--confcutdir", "tests/training", "tests/training")
"""No options of pyproject.toml, which want a plug-in, and no conftest.py but that of the folder: others want Ray."""


def run_tests(record: dict[str, Any], chosen: str, seconds: float) -> None:
    """Notes how many passed, and which did not.

    Args:
        record: gets it under `tests`; what failed under `failed`, and that some were not reached under `left_out`.
        chosen: pytest's `-k`.
        seconds: after which they are ended.
    """
    told = record.setdefault("tests", {})
    if importlib.util.find_spec("pytest") is None:
        told[chosen] = "pytest is not installed"
        return
    command = [sys.executable, "-m", "pytest", "-v", "--tb=short", "-k", chosen, *SELECT]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        output, is_over = (error.stdout or b"").decode(errors="replace"), False
    else:
        output, is_over = ended.stdout + ended.stderr, True
    passed, failed = (re.findall(rf"^(\S+::\S+) {how}", output, re.MULTILINE) for how in ("PASSED", "(?:FAILED|ERROR)"))
    told[chosen] = f"{len(passed)} passed, {len(failed)} failed"
    if not is_over:
        told[chosen] += f", the others not reached in {seconds:.0f} s"
        record["left_out"].append(f"tests, {chosen}, all others")
    print(f"tests for GPUs, {chosen}: {told[chosen]}")
    for name in failed:
        record["failed"][name] = "see above"
    if failed or (is_over and ended.returncode != 0):
        print(output)
    if is_over and ended.returncode != 0 and not failed:
        lines = output.strip().splitlines()
        record["failed"][f"tests, {chosen}"] = lines[-1] if lines else f"exit code {ended.returncode}"
