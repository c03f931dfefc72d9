"""What only a GPU can show: the same training there, and mixed precision with a gradient scaler."""

import math
import warnings

import pytest
import torch
from tiny_trials import run_fit, tiny_config

from model.combo.network import Combo
from model.combo.points import hashed_points, offsets
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.data.loading import training_batches
from model.layers.deformable.choice import Case, inputs_like
from model.layers.deformable.plain import plain_sample
from model.metrics.protocol import protocol_for
from model.training.audio_embeddings import unchanged
from model.training.evaluate import evaluate
from model.training.events import Stepped
from model.training.gradients import BatchGradients
from model.training.optim import build_optimizer
from model.training.scoring import predict_scores
from model.training.stepper import Stepper
from model.training.stopping import never
from model.training.workers import Workers

GPU, HOST = torch.device("cuda"), torch.device("cpu")
CLOSE = {torch.float32: 1e-4, torch.float16: 2e-3, torch.bfloat16: 1e-2}
"""By the type of what is sampled: what rounding its output and its gradient to that type may make, relatively."""
BATCHED = {"loss.arithmetic": "batched", "model.fusion.dropout": 0.0}
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]


def sampled(form, value, *rest):
    """What a form samples, and the gradients of the value, the places and the weights, by numbers of eight bits."""
    shapes, *others = rest
    inputs = [tensor.detach().requires_grad_() for tensor in (value, *others)]
    output = form(inputs[0], shapes, *inputs[1:])
    wanted = (torch.arange(output.numel(), device=output.device) * 37 % 256 - 128).view_as(output) / 256
    return output, *torch.autograd.grad(output, inputs, wanted.to(output.dtype))


def losses(events):
    return [event.losses["total"] for event in events if isinstance(event, Stepped)]


def test_the_first_loss_on_the_gpu_is_close_to_that_on_the_cpu(tiny_data, tmp_path):
    config = tiny_config({"training.iterations": 1, "training.evaluate_every": 1})
    on_cpu = losses(run_fit(config, tiny_data, tmp_path / "cpu"))
    on_gpu = losses(run_fit(config, tiny_data, tmp_path / "gpu", device="cuda"))
    # The random points differ between the devices' generators, so the losses agree only roughly.
    assert on_gpu == pytest.approx(on_cpu, rel=0.2)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_mixed_precision_trains_and_continues(tiny_data, tmp_path, precision):
    config = tiny_config({"training.iterations": 6, "training.evaluate_every": 3, "training.precision": precision})
    events = run_fit(config, tiny_data, tmp_path, device="cuda", checkpoint_every=3)
    for event in events:
        if isinstance(event, Stepped) and event.step == 4:
            events.close()
            break
    continued = losses(run_fit(config, tiny_data, tmp_path, device="cuda", checkpoint_every=3))
    assert len(continued) == 3
    assert all(map(math.isfinite, continued))


def test_scores_do_not_depend_on_what_the_gpu_does_beside_them(tiny_data):
    """Clips are scored on a stream of their own, while the network is at the next one."""
    config, device, protocol = tiny_config(), torch.device("cuda"), protocol_for("s4")
    clips = AVSBench.configured(config, tiny_data, "test")
    model = Combo(config).to(device).eval()
    found = evaluate(model, clips, protocol, unchanged, Workers(), device)
    with torch.no_grad():
        for score in found.clips:
            place = [entry.name for entry in clips.entries].index(score.clip)
            batch = collate([clips[place]], [place]).to(device)
            alone, _ = protocol.score_clip(predict_scores(model, batch), batch.labels, score.clip, score.category)
            torch.cuda.synchronize()
            assert score == alone


@pytest.mark.parametrize("kind", ["scale_crop_colour_flip", "colour_flip"])
def test_pictures_augmented_on_the_gpu_have_the_bits_of_the_host(tiny_data, kind):
    config = tiny_config({"data.augment": kind})
    clips = AVSBench.configured(config, tiny_data, "train")
    on_host = training_batches(clips, config, 0, 1, first_step=0, workers=0)
    on_gpu = training_batches(clips, config, 0, 1, first_step=0, workers=0, augment_on=torch.device("cuda"))
    for found, expected in zip(on_gpu, on_host, strict=True):
        for one, other in ((found.frames, expected.frames), (found.maskiges, expected.maskiges)):
            assert one.is_cuda
            assert one.stride() == other.stride()
            assert torch.equal(one.cpu(), other)


@pytest.mark.parametrize("dtype", CLOSE)
def test_the_kernel_samples_as_the_reference_does(dtype):
    """In half precision too, whose sums both make in fp32 here."""
    kernel = pytest.importorskip("model.layers.deformable.kernel", reason="Triton is not installed").kernel_sample
    shapes = ((7, 7), (14, 14), (28, 28))
    case = Case(shapes, 5, sum(h * w for h, w in shapes), 8, 4, 32, dtype, GPU)
    value, *others = inputs_like(case)
    for found, expected in zip(
        sampled(kernel, value, *others), sampled(plain_sample, value.float(), *others), strict=True
    ):
        torch.testing.assert_close(found.float(), expected, rtol=CLOSE[dtype], atol=CLOSE[dtype])


@pytest.mark.parametrize("rows", [1, 7])
def test_points_are_those_of_a_cpu_compiled_or_not(rows):
    """A single row is what one clip of S4 makes, and is compiled by itself."""
    starts = torch.randint(-(2**62), 2**62, (rows,))
    expected = hashed_points(starts, offsets(1000, HOST))
    for form in (hashed_points, torch.compile(hashed_points, dynamic=True, fullgraph=True)):
        assert torch.equal(form(starts.cuda(), offsets(1000, GPU)).cpu(), expected)


@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
def test_compiling_changes_no_loss(tiny_data, tmp_path, mode):
    """Six steps: CUDA graphs are recorded in the second and run from the third on."""
    config = tiny_config({**BATCHED, "training.iterations": 6, "training.evaluate_every": 3})
    plain = losses(run_fit(config, tiny_data, tmp_path / "plain", device="cuda"))
    compiled = losses(run_fit(config, tiny_data, tmp_path / mode, device="cuda", compile=mode))
    assert compiled == pytest.approx(plain, rel=1e-2)


def test_a_step_waits_for_the_gpu_once(tiny_data):
    """And once more to read its losses, which training does when the next step is under way."""
    config, device = tiny_config(BATCHED), torch.device("cuda")
    model = Combo(config).to(device)
    gradients = BatchGradients(config, model, Workers(), device, None)
    scaler = torch.amp.GradScaler("cuda", enabled=False)
    stepper = Stepper(config, gradients, build_optimizer(model, config.optim), scaler, Workers(), never)
    clips = AVSBench.configured(config, tiny_data, "train")
    batches = [
        batch.pin_memory().to(device)
        for batch, _ in zip(training_batches(clips, config, 0, 1, first_step=0, workers=0), range(3), strict=False)
    ]
    started = [stepper.step(step, batch) for step, batch in enumerate(batches[:2])]
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as waits:
            warnings.simplefilter("always")
            started.append(stepper.step(2, batches[2]))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len([wait for wait in waits if "called a synchronizing" in str(wait.message)]) == 1
    assert all(math.isfinite(one.finished().losses["total"]) for one in started)
