"""Where a step and its scores are computed: all on the GPU that they are told, also on machines without one."""

from itertools import product
from typing import get_args

import pytest
import torch
from contract import SIZE, small_config
from pretended_gpu import GPU, HOST, OnGpu, move_to_gpu, pretended_gpu
from pydantic import ValidationError
from torch import nn
from torch.testing import assert_close

from model.config import Task
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.data.loading import TrainingSteps
from model.data.synthetic.writer import write_synthetic
from model.interface import model_of
from model.metrics.protocol import protocol_for
from model.numerics import numerics_of
from model.registry import MODELS
from model.training.gradients import BatchGradients
from model.training.optim import build_optimizer
from model.training.scoring import predict_scores
from model.training.stepper import Stepper
from model.training.stopping import never
from model.training.workers import Workers

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, on which others run: test_gpu.py")
STEPS = 2
IN_HALF = {"training__precision": "bf16", "training__numerics": "fast_1"}
BATCHED = {"loss__arithmetic": "batched"}
CHAINS = ("scale_crop_colour_flip", "colour_flip")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    for task, clips in (("s4", 12), ("ms3", 6), ("avss", 9)):
        write_synthetic(task, out, clips, seed=1, size=SIZE)
    return out


class LastingNumbers:
    """In place of a copy to the host by CUDA's events."""

    def __init__(self, values):
        self.values = values

    def numbers(self):
        return self.values.cpu()


@pytest.fixture(autouse=True)
def without_events(monkeypatch):
    monkeypatch.setattr("model.training.stepper.LaterRead", LastingNumbers)


def is_possible(pair):
    name, task = pair
    try:
        return bool(small_config(name, data__task=task))
    except ValidationError:
        return False


POSSIBLE = [*filter(is_possible, product(MODELS, get_args(Task)))]


def test_no_model_is_left_out():
    assert {name for name, _ in POSSIBLE} == set(MODELS)


def built(config):
    torch.manual_seed(config.seed)
    return model_of(config).build(config)


def stepped(config, data, device, micro_batch=None):
    """The losses of the first steps, and the weights after them."""
    network = built(config)
    if device == GPU:
        move_to_gpu(network)
    numerics = numerics_of(config)
    optimizer = build_optimizer(network, config.optim, fused=numerics.fused_optimizer)
    gradients = BatchGradients(config, network, Workers(), device, micro_batch)
    scaler = torch.amp.GradScaler(device.type, enabled=config.training.precision == "fp16")
    stepper = Stepper(config, gradients, optimizer, scaler, Workers(), never)
    steps = TrainingSteps(AVSBench.configured(config, data, "train"), config, 0, 1)
    losses = [stepper.step(step, steps[step].batch.to(device)).finished().losses for step in range(STEPS)]
    return losses, list(network.parameters())


@pytest.mark.parametrize(("name", "task"), POSSIBLE)
def test_steps_on_a_gpu_compute_what_those_of_a_cpu_do(name, task, data):
    config = small_config(name, data__task=task)
    with pretended_gpu():
        losses, parameters = stepped(config, data, GPU)
        assert all(isinstance(one, OnGpu) and one.device == GPU for one in parameters)
        expected, same = stepped(config, data, HOST)
    for found, known in zip(losses, expected, strict=True):
        assert found == pytest.approx(known, rel=1e-4)
    for one, other in zip(parameters, same, strict=True):
        assert_close(one.held, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [*((name, IN_HALF) for name in MODELS), ("combo", BATCHED), ("combo", IN_HALF | BATCHED)],
)
def test_faster_arithmetic_stays_on_the_gpu(name, settings, data):
    config = small_config(name, **settings)
    with pretended_gpu():
        losses, parameters = stepped(config, data, GPU)
        assert all(isinstance(one, OnGpu) for one in parameters)
    assert all(torch.tensor(list(found.values())).isfinite().all() for found in losses)


def test_micro_batches_on_a_gpu_add_up(data):
    config = small_config("combo")
    with pretended_gpu():
        divided, _ = stepped(config, data, GPU, micro_batch=1)
        whole, _ = stepped(config, data, GPU)
    assert divided[0] == pytest.approx(whole[0], rel=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_scores_of_a_gpu_are_those_of_a_cpu(name, data):
    config, protocol = small_config(name), protocol_for("s4")
    clips = AVSBench.configured(config, data, "test")

    def scored(device):
        network, batch = built(config).eval(), collate([clips[0]], [0]).to(device)
        if device == GPU:
            move_to_gpu(network)
        return protocol.score_clip(predict_scores(network, batch), batch.labels, "clip", "category")[0]

    with torch.no_grad(), pretended_gpu():
        assert scored(GPU) == scored(HOST)


@pytest.mark.parametrize("chain", CHAINS)
def test_pictures_augmented_on_a_gpu_have_the_bits_of_the_host(chain, data):
    config = small_config("combo", data__augment=chain)
    clips = AVSBench.configured(config, data, "train")
    left, whole = TrainingSteps(clips, config, 0, 1, leaves_pictures=True), TrainingSteps(clips, config, 0, 1)
    expected = whole[0].batch
    with pretended_gpu():
        found = left.completed(left[0], GPU)
        for one, other in ((found.frames, expected.frames), (found.maskiges, expected.maskiges)):
            assert isinstance(one, OnGpu)
            assert torch.equal(one.cpu(), other)


def test_the_pretended_gpu_refuses_a_mixture():
    numbers = torch.ones(3)
    with pretended_gpu():
        there = numbers.to(GPU)
        assert (there + 1 + torch.tensor(2.0)).cpu().tolist() == [4.0] * 3
        with pytest.raises(RuntimeError, match="and on the host"):
            there + numbers
        layer = nn.Linear(3, 1)
        with pytest.raises(RuntimeError, match="and on the host"):
            layer(there)
        move_to_gpu(layer)
        assert layer(there).is_cuda
