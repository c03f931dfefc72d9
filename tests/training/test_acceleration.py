"""Other ways to run the same network: memory order, compilation, and precision, which is a choice of its own."""

import math
import os
import re
import shutil
import subprocess
import sys

import pytest
from tiny_trials import first_losses, losses_by_step, outcome, run_fit, tiny_config

SILENT = {"model.fusion.dropout": 0.0, "training.iterations": 4, "training.evaluate_every": 4}


@pytest.fixture(scope="module")
def plain(light_data, tmp_path_factory):
    return list(run_fit(tiny_config(SILENT), light_data, tmp_path_factory.mktemp("plain")))


def assert_close(found, others):
    expected = losses_by_step(others)
    for step, losses in found.items():
        assert losses == pytest.approx(expected[step], rel=1e-4, abs=1e-4), f"step {step}"
    assert list(found) == list(expected)


def test_the_memory_order_of_pictures_changes_no_loss(plain, light_data, tmp_path):
    assert_close(first_losses(4, tiny_config(SILENT), light_data, tmp_path, channels_last=True), plain)


@pytest.mark.minutes
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on the path")
def test_compilation_changes_no_loss(plain, light_data, tmp_path):
    events = list(run_fit(tiny_config(SILENT), light_data, tmp_path, compile=True))
    assert_close(losses_by_step(events), plain)
    assert outcome(events).folder.is_dir()


COMPILE = """
import torch
from model.training.acceleration import compile_network
compile_network(torch.nn.Linear(2, 2), torch.device("cpu"))
"""


def test_compilation_without_a_compiler_is_refused_before_the_first_step(tmp_path):
    """In a process of its own: PyTorch remembers the compiler that it found once."""
    place = {"PATH": str(tmp_path), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    ended = subprocess.run(
        [sys.executable, "-c", COMPILE], env={**os.environ, **place}, capture_output=True, text=True, check=False
    )

    said = ended.stderr.splitlines()[-1]
    assert re.match(
        r"model\.training\.errors\.ExecutionError: torch\.compile does not work on this machine \(.+\): install a C",
        said,
    )


def test_bf16_is_deterministic_and_not_fp32(plain, light_data, tmp_path):
    config = tiny_config({**SILENT, "training.precision": "bf16"})
    first, second = (first_losses(4, config, light_data, tmp_path / name) for name in ("one", "two"))
    assert first == second
    assert all(math.isfinite(loss) for losses in first.values() for loss in losses.values())
    assert first[1]["total"] != losses_by_step(plain)[1]["total"]
    assert first[1]["total"] == pytest.approx(losses_by_step(plain)[1]["total"], rel=1e-2)


def test_the_test_tells_how_long_a_clip_takes(plain):
    assert 0 < outcome(plain).seconds_per_clip < 10
