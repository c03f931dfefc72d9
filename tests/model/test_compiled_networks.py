"""What PyTorch's compiler makes of the baselines; COMBO is one graph (tests/training/test_acceleration.py)."""

import pytest
import torch
from contract import SIZE, small_config

from model.data.avsbench import AVSBench
from model.data.loading import training_batches
from model.data.synthetic.writer import write_synthetic
from model.interface import model_of


@pytest.mark.parametrize(
    ("name", "task", "graphs"),
    [("bigen", "ms3", 1), ("bigen", "s4", 1), ("avsbench", "s4", 2), ("avsbench", "avss", 2)],
)
def test_a_baseline_is_few_graphs_that_compute_the_same(name, task, graphs, tmp_path):
    """AVSBench's has two, as the lengths of clips become numbers of the host behind its encoder of sound."""
    write_synthetic(task, tmp_path, 9, seed=1, size=SIZE)
    config = small_config(name, data__task=task)
    torch.manual_seed(0)
    network = model_of(config).build(config).train()
    clips = AVSBench.configured(config, tmp_path, "train")
    batch = next(iter(training_batches(clips, config, 0, 1, first_step=0, workers=0)))
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    found = torch.compile(network, backend="eager")(batch)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
    torch.testing.assert_close(found.logits, network(batch).logits)
