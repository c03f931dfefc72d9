"""What PyTorch's compiler makes of networks; that COMBO's is one graph, tests/training/test_acceleration.py says."""

from dataclasses import replace

import pytest
import torch
from contract import SIZE, small_config
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from model.data.avsbench import AVSBench
from model.data.loading import training_batches
from model.data.synthetic.writer import write_synthetic
from model.interface import model_of
from model.training.workers import Workers

BASELINES = [("bigen", "ms3", 1), ("bigen", "s4", 1), ("avsbench", "s4", 2), ("avsbench", "avss", 2)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    for task in ("s4", "ms3", "avss"):
        write_synthetic(task, out, 9, seed=1, size=SIZE)
    return out


@pytest.fixture
def trained(data):
    """A network that trains, and its first batch, with nothing compiled yet."""

    def of(name, task):
        config = small_config(name, data__task=task)
        torch.manual_seed(0)
        clips = AVSBench.configured(config, data, "train")
        batch = next(iter(training_batches(clips, config, 0, 1, first_step=0, workers=0)))
        return model_of(config).build(config).train(), batch

    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    return of


@pytest.mark.parametrize(("name", "task", "graphs"), BASELINES)
def test_a_baseline_is_few_graphs_that_compute_the_same(name, task, graphs, trained):
    """AVSBench's has two, as the lengths of clips become numbers of the host behind its encoder of sound."""
    network, batch = trained(name, task)
    found = torch.compile(network, backend="eager")(batch)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
    torch.testing.assert_close(found.logits, network(batch).logits)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, on which test_gpu.py compiles")
@pytest.mark.parametrize(("name", "task"), [*((name, task) for name, task, _ in BASELINES), ("combo", "s4")])
def test_a_network_on_a_gpu_can_be_traced(name, task, trained):
    """By PyTorch's fake tensors, which need no GPU and have no numbers."""
    network, batch = trained(name, task)
    with FakeTensorMode(allow_non_fake_inputs=True):
        for module in network.modules():
            for key, parameter in module._parameters.items():
                module._parameters[key] = (
                    None if parameter is None else nn.Parameter(on_gpu(parameter), parameter.requires_grad)
                )
            for key, buffer in module._buffers.items():
                module._buffers[key] = on_gpu(buffer)
        pictures = {"frames": on_gpu(batch.frames), "maskiges": on_gpu(batch.maskiges)}
        there = replace(batch, **pictures, sound=on_gpu(batch.sound), labels=on_gpu(batch.labels))
        torch.compile(network, backend="eager")(there, Workers().gather_rows)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0


def on_gpu(like):
    return None if like is None else torch.empty(like.shape, dtype=like.dtype, device="cuda")
