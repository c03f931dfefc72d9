"""`--device` on machines with and without GPUs, of which only PyTorch's count is made up."""

import pytest
import torch

from experiments.errors import InputError
from orchestrator.cli.arguments import chosen_device


@pytest.fixture
def gpus(monkeypatch):
    """Gives the machine a number of GPUs."""

    def give(count):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)

    return give


@pytest.mark.parametrize(("count", "device"), [(0, "cpu"), (2, "cuda")])
def test_the_best_device_is_taken_unless_one_is_named(gpus, count, device):
    gpus(count)

    assert chosen_device(None) == device


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:0", "cuda:1"])
def test_devices_of_the_machine_are_taken_as_named(gpus, device):
    gpus(2)

    assert chosen_device(device) == device


@pytest.mark.parametrize(
    "device", ["cuda:2", "cuda:x", "cuda:", "cuda:-1", "cuda:256", "cudax", "mps", "meta", "", "7"]
)
def test_others_are_refused_in_one_sentence(gpus, device):
    gpus(2)

    with pytest.raises(InputError, match=rf"^--device {device}: is not a device of this machine \(use cpu or cuda\)$"):
        chosen_device(device)


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_a_machine_without_gpus_has_the_cpu_alone(gpus, device):
    gpus(0)

    with pytest.raises(InputError, match=r"\(use cpu\)$"):
        chosen_device(device)
