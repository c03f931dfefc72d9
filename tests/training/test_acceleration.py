"""Other ways to run the same network: memory order, compilation, and precision, which is a choice of its own."""

import math
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from itertools import islice

import pytest
import torch
from tiny_trials import first_losses, losses_by_step, outcome, run_fit, tiny_config

from model.combo.objective import ComboObjective
from model.data.avsbench import AVSBench
from model.data.loading import training_batches
from model.interface import model_of
from model.training import scoring
from model.training.acceleration import refuse_recording
from model.training.errors import ExecutionError
from model.training.workers import Workers

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


def test_augmenting_on_the_device_changes_no_bit(plain, light_data, tmp_path):
    found = first_losses(2, tiny_config(SILENT), light_data, tmp_path, device_augmentation=True)
    assert found == {step: losses_by_step(plain)[step] for step in (1, 2)}


def test_clips_are_scored_together_where_asked_and_clips_do_not_mix(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "TIMED", 1)
    predict, together = scoring.predict_scores, []
    monkeypatch.setattr(
        scoring, "predict_scores", lambda model, batch: together.append(len(batch.names)) or predict(model, batch)
    )
    short = {**SILENT, "training.iterations": 1, "training.evaluate_every": 1}
    for expand, most in (("paper", 2), ("official", 1)):
        config = tiny_config({**short, "truths.audio_query_expand": expand})
        together.clear()
        assert len(outcome(list(run_fit(config, tiny_data, tmp_path / expand, evaluation_batch=2))).clips) == 7
        assert max(together) == most


def test_trials_that_share_a_process_are_all_compiled(light_data, tmp_path, monkeypatch):
    """PyTorch compiles the code of a network so many times and then no more, whichever trial asks for it."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    short = {**SILENT, "training.iterations": 1, "training.evaluate_every": 1}
    with torch._dynamo.config.patch(recompile_limit=1, fail_on_recompile_limit_hit=True):
        for width in (16, 24):
            config = tiny_config({**short, "model.width": width})
            assert len(losses_by_step(run_fit(config, light_data, tmp_path / str(width), compile="default"))) == 1


@pytest.mark.minutes
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on the path")
def test_compilation_changes_no_loss(plain, light_data, tmp_path):
    events = list(run_fit(tiny_config(SILENT), light_data, tmp_path, compile="default"))
    assert_close(losses_by_step(events), plain)
    assert outcome(events).folder.is_dir()


@pytest.mark.minutes
def test_the_network_is_one_graph_for_all_batches(light_data):
    config = tiny_config({"training.numerics": "fast_1", "model.pixel_decoder.sampling": "fastest"})
    network = model_of(config).build(config).eval()
    clips = AVSBench.configured(config, light_data, "train")
    first, second = islice(training_batches(clips, config, 0, 1, first_step=0, workers=0), 2)
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    compiled(first, Workers().gather_rows)
    with torch.compiler.set_stance("fail_on_recompile"):
        outputs = compiled(second, Workers().gather_rows)
    for found, expected in zip(outputs, network(second), strict=True):
        torch.testing.assert_close(found.mask_logits, expected.mask_logits)


@pytest.mark.minutes
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on the path")
def test_batched_losses_are_one_graph_each_for_all_batches(light_data, monkeypatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, fullgraph=True))
    config = tiny_config({**SILENT, "loss.arithmetic": "batched"})
    network = model_of(config).build(config)
    clips = AVSBench.configured(config, light_data, "train")
    plain, compiled = ComboObjective(config), ComboObjective(config)
    compiled.compile()
    for step, batch in enumerate(islice(training_batches(clips, config, 0, 1, first_step=0, workers=0), 4)):
        outputs = network(batch)
        with torch.compiler.set_stance("default" if step == 0 else "fail_on_recompile"):
            found, expected = (losses_of(objective, outputs, batch, step) for objective in (compiled, plain))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def losses_of(objective, outputs, batch, step):
    """Losses, and the gradients of what was predicted."""
    supervised = objective.supervise(batch, step)
    losses = objective.losses(outputs, supervised, objective.counts([supervised]))
    wanted = [tensor for one in outputs for tensor in (one.class_logits, one.mask_logits)]
    gradients = torch.autograd.grad(objective.weighted_sum(losses), wanted, retain_graph=True)
    return [*losses.values(), *gradients]


def test_cuda_graphs_are_refused_where_they_cannot_be_or_go_wrong():
    refuse_recording("default", torch.device("cpu"), is_divided=True)
    refuse_recording("reduce-overhead", torch.device("cuda"), is_divided=False)
    with pytest.raises(
        ExecutionError, match=r"^reduce-overhead records CUDA graphs, and this trial computes on a cpu: "
    ):
        refuse_recording("reduce-overhead", torch.device("cpu"), is_divided=False)
    with pytest.raises(ExecutionError, match="takes one worker and no micro-batches"):
        refuse_recording("reduce-overhead", torch.device("cuda"), is_divided=True)


COMPILE = """
import torch
from model.training.acceleration import require_compiler
require_compiler(torch.device("cpu"))
"""


# Injects the lack of a compiler, for which a process imports PyTorch and its compiler: 8 s of CPU time.
@pytest.mark.minutes
def test_f17_compilation_without_a_compiler_is_refused_before_the_first_step(tmp_path):
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
