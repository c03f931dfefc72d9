"""How often a training step makes the host wait for the device: once, for the costs of the matching.

There need not be a GPU. What a step computes with is followed through all operations, as if it lay on one; whatever
would have to be known on the host then, such as a number or the places of what is not zero, is a wait.
"""

import sys

import pytest
import torch
from tiny_trials import SIZE, tiny_config
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from experiments.overrides import lay_over
from model.config import TrialConfig
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.interface import model_of
from model.numerics import numerics_of
from model.training.gradients import BatchGradients
from model.training.optim import build_optimizer
from model.training.stepper import Stepper
from model.training.stopping import never
from model.training.workers import Workers

CPU = torch.device("cpu")
CLIPS = 4
BASELINES = [
    {"model.name": "avsbench", "loss.lambda_avm": 0.5},
    {"model.name": "avsbench", "loss.lambda_avm": 0.5, "data.task": "avss"},
    {"model.name": "avsbench", "model.generation": True, "data.task": "ms3"},
    {"model.name": "bigen", "loss.lambda_kl": 0.5},
    {"model.name": "bigen", "data.task": "ms3"},
]
OPERATIONS = (
    "_local_scalar_dense",
    "nonzero",
    "_unique2",
    "unique_dim",
    "unique_consecutive",
    "masked_select",
    "equal",
)
"""Whose result, or the size of it, depends on values."""
READS = ("cpu", "numpy", "tolist", "item", "__array__", "new_tensor")
"""Methods that PyTorch does not show to a dispatch mode; the last copies from the host."""


class OnDevice(TorchDispatchMode):
    """Follows everything that is made of some tensors, as a GPU would hold it, and notes each wait for it."""

    def __init__(self, tensors):
        super().__init__()
        # Kept alive, so that no other tensor gets the same memory.
        self.storages = {}
        self.waits = []
        self.add(tensors)

    def add(self, tensors):
        for tensor in tree_leaves(tensors):
            if isinstance(tensor, Tensor) and tensor.numel():
                storage = tensor.untyped_storage()
                self.storages[storage.data_ptr()] = storage

    def holds(self, value):
        return isinstance(value, Tensor) and value.untyped_storage().data_ptr() in self.storages

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        held = [value for value in tree_leaves((args, kwargs)) if self.holds(value)]
        name = function.overloadpacket.__name__
        chosen = args[1] if name in ("index", "index_put", "index_put_") else ()
        if held and (name in OPERATIONS or any(value is not None and value.dtype == torch.bool for value in chosen)):
            self.waits.append(name)
        results = function(*args, **(kwargs or {}))
        if held:
            arguments = zip(function._schema.arguments, args, strict=False)
            written = [value for given, value in arguments if given.alias_info and given.alias_info.is_write]
            self.add((results, written))
        return results


@pytest.fixture
def watched(monkeypatch):
    """Makes an `OnDevice` of tensors, which sees copies and reads too."""

    def watch(tensors):
        device = OnDevice(tensors)

        def to_device(values, _device):
            copied = values.clone()
            device.add(copied)
            return copied

        def read(values):
            device.waits.append("read")
            found = values.clone()
            device.storages.pop(found.untyped_storage().data_ptr(), None)
            return found

        for name, module in list(sys.modules.items()):
            for replaced in (to_device, read):
                if name.startswith("model.") and hasattr(module, replaced.__name__):
                    monkeypatch.setattr(module, replaced.__name__, replaced)
        for name in READS:
            monkeypatch.setattr(Tensor, name, noted(name, getattr(Tensor, name), device))
        return device

    def noted(name, method, device):
        def call(tensor, *args, **kwargs):
            if device.holds(tensor):
                device.waits.append(name)
            return method(tensor, *args, **kwargs)

        return call

    return watch


def stepper_of(config, micro_batch=None, *, scaled=False):
    torch.manual_seed(0)
    model = model_of(config).build(config)
    optimizer = build_optimizer(model, config.optim, fused=numerics_of(config).fused_optimizer)
    gradients = BatchGradients(config, model, Workers(), CPU, micro_batch)
    scaler = torch.amp.GradScaler("cpu", enabled=scaled)
    return model, Stepper(config, gradients, optimizer, scaler, Workers(), never)


def batch_of(config, data):
    clips = AVSBench.configured(config, data, "train")
    return collate([clips[place % len(clips)] for place in range(CLIPS)], range(CLIPS))


@pytest.mark.parametrize("arithmetic", ["per_frame", "batched"])
@pytest.mark.parametrize(("task", "labelled"), [("s4", 4), ("ms3", 20)])
def test_a_step_waits_once(task, labelled, arithmetic, light_data, watched):
    settings = {"data.task": task, "training.batch": CLIPS, "model.query_decoder.layers": 9}
    config = tiny_config({**settings, "loss.arithmetic": arithmetic})
    batch = batch_of(config, light_data)
    assert (len(batch.frames), len(batch.labels)) == (20, labelled)
    model, stepper = stepper_of(config)
    tensors = [batch.frames, batch.maskiges, batch.sound, batch.labels, *model.state_dict().values()]
    with watched(tensors) as device:
        started = stepper.step(0, batch)
    assert device.waits == ["read"]
    assert len(started.finished().losses) == 3 * 10 + 9 + 1


def test_each_micro_batch_waits_once(light_data, watched):
    config = tiny_config({"training.batch": CLIPS})
    batch = batch_of(config, light_data)
    model, stepper = stepper_of(config, micro_batch=2)
    with watched([batch.frames, batch.maskiges, batch.sound, batch.labels, *model.state_dict().values()]) as device:
        stepper.step(0, batch)
    assert device.waits == ["read"] * 2


@pytest.mark.parametrize(("numerics", "more"), [("plain", ["item", "_local_scalar_dense"]), ("fast_1", [])])
def test_scaled_gradients_wait_once_more_unless_one_operation_updates_all(numerics, more, light_data, watched):
    """The host asks whether gradients are finite, or the operation that updates does."""
    config = tiny_config({"training.batch": CLIPS, "training.numerics": numerics})
    batch = batch_of(config, light_data)
    model, stepper = stepper_of(config, scaled=True)
    with watched([batch.frames, batch.maskiges, batch.sound, batch.labels, *model.state_dict().values()]) as device:
        stepper.step(0, batch)
    assert device.waits == ["read", *more]


@pytest.mark.parametrize("settings", BASELINES)
def test_a_step_of_a_baseline_waits_never(settings, light_data, watched):
    """What is known of the labels was counted by the loader."""
    own = {
        "model.backbone.norm": "native",
        "model.backbone.weights": "random",
        "data.size": SIZE,
        "training.batch": CLIPS,
    }
    small = {"model.backbone.name": "test_resnet", "model.audio_encoder.name": "compact", "model.width": 16}
    config = TrialConfig.model_validate(lay_over(lay_over({}, own | small, "baseline"), settings, "test"))
    batch = batch_of(config, light_data)
    model, stepper = stepper_of(config)
    with watched([batch.frames, batch.sound, batch.labels, *model.state_dict().values()]) as device:
        stepper.step(0, batch)
    assert device.waits == []


def test_the_watch_sees_what_waits(watched):
    values = torch.tensor([3.0, 0.0])
    with watched([values]) as device:
        float(values[0] * 2)
        (values + 1).unique()
        values[values > 0]
        values.flip(0).tolist()
        torch.ones(2).tolist()
    assert device.waits == ["_local_scalar_dense", "_unique2", "index", "tolist"]
