"""Other ways to run the same network: memory order, compilation, and precision, which is a choice of its own."""

import math
import shutil

import pytest
from tiny_trials import losses_by_step, outcome, run_fit, tiny_config

from model.training.errors import ExecutionError

SILENT = {"model.fusion.dropout": 0.0, "training.iterations": 4, "training.evaluate_every": 4}


@pytest.fixture(scope="module")
def plain(tiny_data, tmp_path_factory):
    return list(run_fit(tiny_config(SILENT), tiny_data, tmp_path_factory.mktemp("plain")))


def assert_close(events, others):
    expected = losses_by_step(others)
    for step, losses in losses_by_step(events).items():
        assert losses == pytest.approx(expected[step], rel=1e-4, abs=1e-4), f"step {step}"
    assert list(losses_by_step(events)) == list(expected)


def test_the_memory_order_of_pictures_changes_no_loss(plain, tiny_data, tmp_path):
    assert_close(list(run_fit(tiny_config(SILENT), tiny_data, tmp_path, channels_last=True)), plain)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on the path")
def test_compilation_changes_no_loss(plain, tiny_data, tmp_path):
    events = list(run_fit(tiny_config(SILENT), tiny_data, tmp_path, compile=True))
    assert_close(events, plain)
    assert outcome(events).folder.is_dir()


def test_compilation_without_a_compiler_is_refused_before_the_first_step(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(ExecutionError, match=r"^torch\.compile does not work on this machine \(.+\): install a C\+\+"):
        next(run_fit(tiny_config(SILENT), tiny_data, tmp_path / "run", compile=True))


def test_bf16_is_deterministic_and_not_fp32(plain, tiny_data, tmp_path):
    config = tiny_config({**SILENT, "training.precision": "bf16"})
    first, second = (losses_by_step(list(run_fit(config, tiny_data, tmp_path / name))) for name in ("one", "two"))
    assert first == second
    assert all(math.isfinite(loss) for losses in first.values() for loss in losses.values())
    assert first[1]["total"] != losses_by_step(plain)[1]["total"]
    assert first[1]["total"] == pytest.approx(losses_by_step(plain)[1]["total"], rel=1e-2)


def test_the_test_tells_how_long_a_clip_takes(plain):
    assert 0 < outcome(plain).seconds_per_clip < 10
