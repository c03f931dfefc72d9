"""Weights as they lie about: wrapped, prefixed, expanded, with counts and settings beside them."""

import argparse
import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from official_states import SMALL, same_bits
from safetensors.torch import load_file

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.combo.official_names import EMPTY_WEIGHT
from model.config import BackboneConfig
from model.layers.backbones import Backbone
from model.proposals.proposer import build_proposer
from model.proposals.sam_weights import read_weights
from model.training.initial_weights import load_initial_weights
from model.weights.backbone_file import load_backbone_weights
from model.weights.errors import CheckpointError
from model.weights.import_official import official_places

GOLDEN = Path(__file__).parents[1] / "golden"
WORDS = ("--preset", "combo_r50", "--task", "s4", *(f"{key}={value}" for key, value in SMALL.items()))


def official_state():
    """A small COMBO as the authors name it; large tensors are expanded from one number, so that the file is small."""
    config = resolve_preset("combo_r50", "s4", SMALL)
    generator = torch.Generator().manual_seed(0)
    state = OrderedDict({EMPTY_WEIGHT: torch.ones(config.classes + 1)})
    for place in official_places(config):
        large = torch.Size(place.shape).numel() > 10_000
        one = torch.randn((1,) * len(place.shape) if large else place.shape, generator=generator)
        state |= dict.fromkeys(place.official, one.expand(place.shape))
    return state


def wrapped(state):
    """As a profiled, data-parallel run of somebody's own training code keeps weights."""
    inside = OrderedDict((f"module.{name}", value) for name, value in state.items())
    inside["module.total_ops"] = torch.zeros(1)
    return {"state_dict": inside, "args": argparse.Namespace(lr=1e-4), "epoch": 3}


TOLD = (
    "read from its 'state_dict'",
    "read without the prefix 'module.' of all names",
    "read without what is no weight (total_ops)",
)


@pytest.mark.usefixtures("light_vggish")
def test_a_wrapped_and_expanded_file_of_the_authors_is_imported_and_what_was_done_is_said(combo, roomy_path):
    state = official_state()
    torch.save(wrapped(state), roomy_path / "wrapped.pth")
    said = combo("model", "import", roomy_path / "wrapped.pth", *WORDS, "--out", roomy_path / "imported")
    assert (said.code, said.err) == (0, "")
    assert [told for told in TOLD if f"wrapped.pth is {told}\n" not in said.out] == []
    ours = load_file(roomy_path / "imported" / "model.safetensors")
    places = official_places(resolve_preset("combo_r50", "s4", SMALL))
    assert ours.keys() == {place.ours for place in places}
    assert all(same_bits(ours[place.ours], state[place.official[0]].contiguous()) for place in places)

    back = combo("model", "export", roomy_path / "imported", "--out", roomy_path / "back.pth")
    assert back.code == 0
    exported = torch.load(roomy_path / "back.pth", weights_only=True, mmap=True)["model"]
    assert list(exported) == list(state)


def test_a_wrapped_file_that_does_not_fit_is_told_by_the_names_without_the_wrapping(combo, tmp_path):
    state = official_state()
    del state["backbone.stem.conv1.weight"]
    torch.save(wrapped(state), tmp_path / "wrapped.pth")
    said = combo("model", "import", tmp_path / "wrapped.pth", *WORDS)
    assert (said.code, said.out) == (2, "")
    assert "1 missing: backbone.stem.conv1.weight (read from its 'state_dict', without the prefix 'module.'" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_wrapped_backbone_is_read(tmp_path):
    config = BackboneConfig(name="resnet18", weights="random", norm="frozen_batch")
    source, filled = Backbone(config), Backbone(config)
    torch.save(wrapped(source.network.state_dict()), tmp_path / "resnet18.pth")
    remarks = load_backbone_weights(filled, tmp_path / "resnet18.pth")
    assert [f"read {remark}" for remark in remarks] == list(TOLD)
    own = filled.network.state_dict()
    assert all(torch.equal(own[name], value) for name, value in source.network.state_dict().items())

    torch.save(wrapped({"features.weight": torch.ones(1)}), tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"1 unexpected: features\.weight \(read from its 'state_dict', without"):
        load_backbone_weights(filled, tmp_path / "other.pth")


@pytest.mark.usefixtures("light_vggish")
def test_a_wrapped_vggish_is_read_and_what_was_done_is_logged(tmp_path, caplog):
    config = resolve_preset("combo_r50", "s4", SMALL)
    model = torch.nn.Module()
    model.audio_encoder = model.frozen_audio_encoder = VGGish()
    state = {name: torch.full((), 0.5).expand(value.shape) for name, value in model.audio_encoder.state_dict().items()}
    torch.save(wrapped(state), tmp_path / "vggish.pth")
    load_initial_weights(model, config, tmp_path / "vggish.pth", None, None)
    assert all(bool((value == 0.5).all()) for value in model.audio_encoder.state_dict().values())
    assert caplog.messages == [f"{tmp_path / 'vggish.pth'} is {told}" for told in TOLD]


@pytest.mark.parametrize(("name", "golden"), [("sam", "sam_tiny.safetensors"), ("mobile-sam", "mobile_sam_tiny.pt")])
def test_wrapped_weights_of_sam_are_read_and_what_was_done_is_logged(tmp_path, caplog, name, golden):
    from model.proposals.sam_network import build_network  # which takes seconds

    state = read_weights(GOLDEN / golden)
    torch.save(wrapped(state), tmp_path / "wrapped.pth")
    network = build_network(name, read_weights(tmp_path / "wrapped.pth"), tmp_path / "wrapped.pth")
    plain = build_network(name, state, GOLDEN / golden).state_dict()
    assert all(torch.equal(value, plain[key]) for key, value in network.state_dict().items())
    assert caplog.messages == [f"{tmp_path / 'wrapped.pth'} is {told}" for told in TOLD]


@pytest.mark.parametrize(("name", "golden"), [("sam", "sam_tiny.safetensors"), ("mobile-sam", "mobile_sam_tiny.pt")])
def test_weights_of_sam_under_a_prefix_that_nobody_knows_are_not_called_other_weights(tmp_path, name, golden):
    state = {f"segmenter.{key}": value for key, value in read_weights(GOLDEN / golden).items()}
    torch.save(state, tmp_path / "own.pth")
    with pytest.raises(
        CheckpointError, match=re.escape("but one with 'segmenter.' before that: take it off all names")
    ):
        build_proposer(name, tmp_path / "own.pth")


def test_sam_of_a_width_that_its_heads_do_not_divide_is_refused(tmp_path):
    state = read_weights(GOLDEN / "sam_tiny.safetensors")
    state["mask_decoder.mask_tokens.weight"] = torch.zeros(4, 17)
    torch.save(state, tmp_path / "odd.pth")
    with pytest.raises(CheckpointError, match=r"odd\.pth does not fit sam \("):
        build_proposer("sam", tmp_path / "odd.pth")


def test_sam_takes_no_memory_for_tensors_that_no_file_of_its_size_can_fill(tmp_path):
    """One bias of a thousand million channels in a file of a few bytes; a network of that width has no memory."""
    state = read_weights(GOLDEN / "sam_tiny.safetensors")
    state["image_encoder.patch_embed.proj.bias"] = torch.zeros(()).expand(10**9)
    torch.save(state, tmp_path / "wide.pth")
    with pytest.raises(CheckpointError, match=r"wide\.pth does not fit sam \("):
        build_proposer("sam", tmp_path / "wide.pth")
