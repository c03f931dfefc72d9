"""Records of benchmark runs: one JSON file a run, with the machine and the versions behind its numbers."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import torch
from comparison import Comparison, Measured

from experiments.atomic_write import write_atomic

PACKAGES = ("torch", "numpy", "scipy", "timm", "pillow", "opencv-python-headless")
KEPT = Path(__file__).parents[2] / "docs" / "benchmarks"
"""Where records are kept that others are compared with."""


def hardware(device: str) -> str:
    """The GPU's name, or the processor's."""
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def new_record(device: str, rounds: int) -> dict[str, Any]:
    """A record without results."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": "cuda" if device.startswith("cuda") else "cpu",
        "hardware": hardware(device),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "rounds": rounds,
        "comparisons": {},
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with suppress(PackageNotFoundError):  # OpenCV comes by several names
            yield name, version(name)


def result_of(comparison: Comparison, measured: Mapping[str, Measured]) -> dict[str, Any]:
    """What a record says of a comparison."""
    return {
        "title": comparison.title,
        "forms": {
            name: {
                "seconds": round(median(form.seconds), 5),
                "times_faster": round(form.times_faster, 3),
                "spread": [round(min(form.ratios), 3), round(max(form.ratios), 3)],
                "peak_mib": round(form.peak_mib),
            }
            for name, form in measured.items()
        },
    }


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Replaces the file at once."""
    write_atomic(path, json.dumps(record, indent=1) + "\n")


def record_name(record: Mapping[str, Any], what: Sequence[str]) -> str:
    """The file's name: what was compared, day and hardware."""
    slug = re.sub(r"[^a-z0-9]+", "-", record["hardware"].lower()).strip("-")
    return f"{'-'.join(what)}-{record['date']}-{slug}.json"


def kept_results(device: str) -> dict[str, Mapping[str, Any]]:
    """Of each comparison, what the newest record says that is kept of a kind of device; see `result_of`."""
    kind = "cuda" if device.startswith("cuda") else "cpu"
    records = [json.loads(path.read_text()) for path in sorted(KEPT.glob("*.json"))]
    comparing = [record for record in records if "comparisons" in record and record["device"] == kind]
    found: dict[str, Mapping[str, Any]] = {}
    for record in sorted(comparing, key=lambda record: record["date"]):
        found.update(record["comparisons"])
    return found


def regressions(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for each form that is slower now, beside the first form, in its best round than it was in its worst.

    Args:
        before: results of comparisons by name.
        now: the same; what only one of them holds is passed over.
    """
    for name, result in now.items():
        for form, figures in result["forms"].items():
            then = before.get(name, {}).get("forms", {}).get(form)
            if then is not None and figures["spread"][1] < then["spread"][0]:
                yield (
                    f"{name}, {form}: {figures['times_faster']:.2f} times as fast as the plain form, "
                    f"was {then['times_faster']:.2f} ({then['spread'][0]:.2f} to {then['spread'][1]:.2f})"
                )
