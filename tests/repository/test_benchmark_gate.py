"""Benchmarks fail where a form is slower beside the plain one than it was; records lie in docs/benchmarks."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
KEPT = Path(__file__).parents[2] / "docs" / "benchmarks"
BARE = """
import sys
from importlib.metadata import packages_distributions, requires
from packaging.requirements import Requirement
from needed import PACKAGES

there = {"numpy", "torchvision", "packaging", "pytest", *PACKAGES.values()}  # the first three come with others
own = {Requirement(one).name for one in requires("combo-lab")} - there
absent = {module for module, packages in packages_distributions().items() if own.intersection(packages)}


class OnlyWhatIsThere:
    def __init__(self, finders):
        self.finders = finders

    def find_spec(self, name, path=None, target=None):
        found = (one.find_spec(name, path, target) for one in self.finders if name.partition(".")[0] not in absent)
        return next(filter(None, found), None)


sys.meta_path[:] = [OnlyWhatIsThere(sys.meta_path[:])]
"""
"""Hides whatever the project needs and `make gpu` does not."""


@pytest.fixture
def record(monkeypatch):
    """The module that reads records."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import record

    return record


def results(low, high):
    form = {"times_faster": (low + high) / 2, "spread": [low, high]}
    return {"loader": {"title": "a batch", "forms": {"ours": form}}}


@pytest.fixture
def comparison(monkeypatch):
    """The module that measures."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import comparison

    return comparison


@pytest.fixture
def gpu_tests(monkeypatch):
    """The module that runs the tests for GPUs."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import gpu_tests

    return gpu_tests


@pytest.fixture
def limited_parts(monkeypatch):
    """The module that goes on where a part does not."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import limited_parts

    return limited_parts


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


def on_a_bare_machine(program):
    """What a program says and how it ends where only what `make gpu` asks for is installed."""
    return subprocess.run(
        [sys.executable, "-c", BARE + program],
        cwd=BENCHMARKS.parents[1],
        env={**os.environ, "PYTHONPATH": f"{BENCHMARKS}{os.pathsep}."},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_gpu_script_needs_nothing_but_what_it_names():
    ended = on_a_bare_machine("import gpu; print(len(gpu.COMPARISONS))")
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 20
    refused = on_a_bare_machine("import ray")
    assert "No module named 'ray'" in refused.stderr


def test_the_gpu_script_finds_its_tests():
    collect = "import gpu_tests, pytest; pytest.main([*gpu_tests.SELECT, '--collect-only', '-q'])"
    ended = on_a_bare_machine(f"{collect}; print('presets:', gpu_tests.PRESETS)")
    found = [line for line in ended.stdout.splitlines() if "::" in line]
    (chosen,) = re.findall("presets: (.+)", ended.stdout)
    of_presets = [name for name in found if chosen in name]
    assert len(of_presets) > 10, ended.stdout + ended.stderr
    assert len(found) > len(of_presets) + 10


def test_a_part_that_fails_or_never_ends_ends_alone(limited_parts, capsys):
    done, deadline = [], SimpleNamespace(seconds=600)

    def fail():
        raise ValueError("a kernel\nand its details")

    def work():
        done.append("works")
        deadline.seconds = 0.2  # for the next part

    def never_end():
        deadline.seconds = 0
        while True:
            with suppress(Exception):  # as libraries do
                time.sleep(0.05)

    parts = {"fails": fail, "works": work, "endless": never_end, "later": fail}
    record = {"device": "cpu"}
    limited_parts.work_through(parts, record, deadline, lambda: done.append("kept"))
    assert record["failed"] == {"fails": "ValueError: a kernel"}
    assert record["left_out"] == ["endless", "later"]
    assert done == ["kept", "works", "kept", "kept"]
    assert "fails: ValueError: a kernel" in capsys.readouterr().out


def test_a_form_that_fails_is_left_out_of_its_comparison(comparison, monkeypatch):
    monkeypatch.setattr(comparison, "_peaks", lambda _one, names, _device: dict.fromkeys(names, 0.0).items())

    def fail():
        raise RuntimeError("no such instruction")

    forms = {"plain": int, "broken": fail, "ours": int}
    compared = comparison.Comparison("one", "of three", lambda _device: forms)
    left_out = {}
    measured = comparison.measure(compared, "cpu", 2, leave_out=left_out.__setitem__)
    assert list(measured) == ["plain", "ours"]
    assert str(left_out["broken"]) == "no such instruction"
    with pytest.raises(RuntimeError, match="no such instruction"):
        comparison.measure(compared, "cpu", 2)


def test_what_tests_have_shown_survives_one_that_never_ends(gpu_tests, tmp_path, monkeypatch):
    file = tmp_path / "test_three.py"
    file.write_text("import time\ndef test_good(): pass\ndef test_bad(): assert 0\ndef test_slow(): time.sleep(600)\n")
    monkeypatch.setattr(gpu_tests, "SELECT", ("-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(file)))
    record = {"failed": {}, "left_out": []}
    gpu_tests.run_tests(record, "not slow", 300)
    assert record["tests"] == {"not slow": "1 passed, 1 failed"}
    (failed,) = record["failed"]
    assert failed.endswith("/test_three.py::test_bad")
    assert record["left_out"] == []
    gpu_tests.run_tests(record, "slow", 10)
    assert record["tests"]["slow"] == "0 passed, 0 failed, the others not reached in 10 s"
    assert record["left_out"] == ["tests, slow, all others"]
