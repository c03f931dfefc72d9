"""Benchmarks fail where a form is slower beside the plain one than it was; records lie in docs/benchmarks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
KEPT = Path(__file__).parents[2] / "docs" / "benchmarks"


@pytest.fixture
def record(monkeypatch):
    """The module that reads records."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import record

    return record


def results(low, high):
    form = {"times_faster": (low + high) / 2, "spread": [low, high]}
    return {"loader": {"title": "a batch", "forms": {"ours": form}}}


def test_a_form_whose_best_round_is_below_its_worst_of_before_is_named(record):
    before = results(2.0, 3.0)
    assert list(record.regressions(before, results(1.0, 1.9))) == [
        "loader, ours: 1.45 times as fast as the plain form, was 2.50 (2.00 to 3.00)"
    ]
    assert list(record.regressions(before, results(1.0, 2.1))) == []
    assert list(record.regressions({}, results(1.0, 1.9))) == []


def test_every_comparison_of_the_kept_records_is_one_that_others_are_compared_with(record):
    stored = [json.loads(path.read_text()) for path in KEPT.glob("*.json")]
    compared = {name for one in stored if one.get("device") == "cpu" for name in one.get("comparisons", {})}
    assert {"loader", "evaluation", "tpavi"} <= compared
    assert record.kept_results("cpu").keys() == compared


def test_every_kept_record_is_explained():
    page = (KEPT / "index.md").read_text()
    assert all(path.name in page for path in KEPT.glob("*.json"))


def test_the_gpu_script_names_what_is_not_installed():
    without = [sys.executable, "-S", str(BENCHMARKS / "gpu.py")]  # no installed packages at all
    ended = subprocess.run(without, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("torch timm scipy safetensors pyarrow pillow opencv-python-headless pydantic ruamel")
    assert ended.stderr.count("\n") == 1
