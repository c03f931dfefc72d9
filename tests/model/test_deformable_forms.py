"""Every form of deformable sampling gives what the reference and the authors give, and the choice follows its rules."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from golden import vectors
from torch.testing import assert_close

from model.layers.deformable import choice
from model.layers.deformable.choice import Case, fastest_sample, pass_both_ways
from model.layers.deformable.gather import gather_sample
from model.layers.deformable.plain import plain_sample

ROOT = Path(__file__).parents[2]
INPUTS = ("value", "sampling_locations", "attention_weights")
CPU = torch.device("cpu")


def drawn(shapes, frames, queries, heads, points, channels, dtype=torch.float32):
    """Value, shapes, locations that lie outside of their map too, weights, cotangent."""
    draw = torch.Generator().manual_seed(1)
    pixels = sum(height * breadth for height, breadth in shapes)
    value = torch.randn(frames, pixels, heads, channels, generator=draw).to(dtype)
    places = (frames, queries, heads, len(shapes), points)
    locations = 1.6 * torch.rand(*places, 2, generator=draw) - 0.3
    weights = torch.randn(places, generator=draw).flatten(3).softmax(3).view(places)
    return value, shapes, locations, weights, torch.randn(frames, queries, heads * channels, generator=draw)


def results(sample, value, shapes, locations, weights, cotangent):
    """Output and gradients."""
    inputs = [tensor.detach().requires_grad_() for tensor in (value, locations, weights)]
    output = sample(inputs[0], shapes, inputs[1], inputs[2])
    return [output.detach(), *torch.autograd.grad(output, inputs, cotangent)]


@pytest.mark.parametrize("at_a_time", [1, 2**18])
def test_reading_rows_gives_what_the_reference_gives(at_a_time, monkeypatch):
    monkeypatch.setattr("model.layers.deformable.gather.AT_A_TIME", at_a_time)
    case = drawn([(1, 1), (3, 2), (5, 7)], frames=3, queries=11, heads=2, points=3, channels=5)
    doubled = [part.double() if isinstance(part, torch.Tensor) else part for part in case]
    for found, expected in zip(results(gather_sample, *doubled), results(plain_sample, *doubled), strict=True):
        assert_close(found, expected)


def test_a_network_that_has_diverged_is_told_by_its_numbers():
    value, shapes, locations, weights, _ = drawn([(3, 2)], frames=1, queries=2, heads=1, points=1, channels=4)
    locations[0, 0], locations[0, 1] = float("nan"), 1e30
    output = gather_sample(value, shapes, locations, weights)
    assert output[0, 0].isnan().all()
    assert not output[0, 1].any()


def test_the_kernel_gives_what_the_authors_and_the_reference_give(tmp_path):
    g = vectors("msdeform_op")
    names = ("value", "sampling_locations", "attention_weights", "cotangent")
    heads, width = 2, 2 * g["value"].shape[3]
    golden = {name: g[name][:1, :, :width] if name == "cotangent" else g[name][:1, :, :heads] for name in names}
    shapes = [tuple(shape) for shape in g["spatial_shapes"].tolist()]
    inputs = [golden[name] for name in INPUTS]
    odd = drawn([(1, 1), (3, 2)], frames=2, queries=35, heads=1, points=1, channels=3)
    half = drawn([(2, 3)], frames=1, queries=4, heads=2, points=2, channels=8, dtype=torch.bfloat16)
    half = (*half[:4], half[4].bfloat16())
    torch.save([(inputs[0], shapes, *inputs[1:], golden["cotangent"]), odd, half], tmp_path / "given")
    subprocess.run(
        [sys.executable, Path(__file__).with_name("kernel_in_interpreter.py"), tmp_path / "given", tmp_path / "found"],
        env={**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        check=True,
    )

    of_golden, of_odd, of_half = torch.load(tmp_path / "found", weights_only=True)
    expected = [g["output"][:1, :, :width], *(g[f"grad_{name}"][:1, :, :heads] for name in INPUTS)]
    for found, wanted in zip(of_golden, expected, strict=True):
        assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    for found, wanted in zip(of_odd, results(plain_sample, *odd), strict=True):
        assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert [found.dtype for found in of_half] == [torch.bfloat16, torch.bfloat16, torch.float32, torch.float32]
    in_fp32 = results(plain_sample, half[0].float(), *half[1:4], half[4].float())
    for found, wanted in zip(of_half, in_fp32, strict=True):
        assert_close(found.float(), wanted, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    ("frames", "channels", "chosen"), [(1, 32, plain_sample), (40, 32, gather_sample), (400, 8, plain_sample)]
)
def test_a_cpu_reads_rows_where_there_are_many_and_says_so_once(frames, channels, chosen, caplog):
    choice.form_for.cache_clear()
    case = Case(((2, 2), (4, 4)), frames, 20, 8, 4, channels, torch.float32, CPU)
    with caplog.at_level(logging.INFO, "model"):
        assert [choice.form_for(case) for _ in range(2)] == [chosen] * 2
    (line,) = caplog.messages
    assert line.startswith(f"deformable sampling of {frames} frames of 20 queries, 8 heads of {channels} channels, ")


def test_what_is_measured_decides_and_what_does_not_run_is_named():
    def broken(*_):
        raise RuntimeError("no such device\nat line 3")

    case = Case(((2, 2),), 1, 4, 1, 1, 4, torch.float32, CPU)
    forms = {"plain": lambda: plain_sample, "broken": lambda: broken, "gather": lambda: gather_sample}
    times = iter([3.0] * choice.ROUNDS + [2.0] * choice.ROUNDS)

    def milliseconds(action):
        action()
        return next(times)

    state = torch.get_rng_state()
    name, form, reason = choice.fastest_measured(case, forms, milliseconds)
    assert (name, form) == ("gather", gather_sample)
    assert reason == "plain 3.000 ms, broken does not run here: RuntimeError: no such device, gather 2.000 ms"
    assert torch.equal(torch.get_rng_state(), state)


def test_the_first_use_may_be_without_gradients():
    choice.form_for.cache_clear()
    case = drawn([(8, 8)], frames=9, queries=64, heads=8, points=4, channels=32)
    with torch.no_grad():
        found = fastest_sample(*case[:4])
    assert_close(found, plain_sample(*case[:4]), rtol=1e-4, atol=1e-5)
    inputs = [part.requires_grad_() if isinstance(part, torch.Tensor) else part for part in case[:4]]
    pass_both_ways(fastest_sample, *inputs)
