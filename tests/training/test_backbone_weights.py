"""Training from a file of ImageNet weights needs nothing from timm."""

import pytest
import torch
from tiny_trials import first_losses, run_fit, tiny_config

from model.layers.backbones import Backbone
from model.layers.errors import BackboneError
from model.weights.errors import CheckpointError
from model.weights.parameter_counts import network_without_memory

IMAGENET = {"model.backbone.weights": "imagenet"}


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """A machine on which timm finds no pretrained weights."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "imagenet.pth"
    torch.save(Backbone(tiny_config().model.backbone).network.state_dict(), path)
    return path


@pytest.mark.usefixtures("offline")
def test_a_file_of_imagenet_weights_stands_in_for_timms(light_data, tmp_path, weights):
    config = tiny_config(IMAGENET)
    from_file = first_losses(1, config, light_data, tmp_path / "file", backbone_weights=weights)
    random = tiny_config({**IMAGENET, "model.backbone.weights": "random"})
    assert from_file != first_losses(1, random, light_data, tmp_path / "random")


@pytest.mark.usefixtures("offline")
def test_without_a_file_the_weights_are_looked_for_in_timm(light_data, tmp_path):
    with pytest.raises(BackboneError, match=r"ImageNet weights of 'test_resnet' could not be loaded"):
        next(run_fit(tiny_config(IMAGENET), light_data, tmp_path / "run"))


def test_a_trial_that_wants_random_weights_ignores_the_file(light_data, tmp_path, weights):
    config = tiny_config({**IMAGENET, "model.backbone.weights": "random"})
    with_file = first_losses(1, config, light_data, tmp_path / "with", backbone_weights=weights)
    assert with_file == first_losses(1, config, light_data, tmp_path / "without")


def test_a_file_of_another_backbone_is_refused_before_the_first_step(light_data, tmp_path):
    shapes = network_without_memory(
        tiny_config({"model.backbone.name": "resnet18"})
    ).siam_encoder.image_backbone.network
    path = tmp_path / "other.pth"
    torch.save({name: torch.zeros(()).expand(value.shape) for name, value in shapes.state_dict().items()}, path)
    with pytest.raises(CheckpointError, match=r"other\.pth does not hold this backbone as timm or torchvision would, "):
        next(run_fit(tiny_config(IMAGENET), light_data, tmp_path / "run", backbone_weights=path))
