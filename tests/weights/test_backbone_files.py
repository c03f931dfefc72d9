"""ImageNet weights of a backbone from a file, whoever named its tensors."""

import os
import pickle
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from experiments.presets import resolve_preset
from model.combo.network import Combo
from model.config import BackboneConfig
from model.layers.backbones import Backbone
from model.training.initial_weights import load_initial_weights
from model.weights.backbone_file import load_backbone_weights
from model.weights.errors import CheckpointError
from model.weights.foreign_file import read_tensors

COUNTER = "num_batches_tracked"


def backbone(name, norm="frozen_batch"):
    return Backbone(BackboneConfig(name=name, weights="random", norm=norm))


@pytest.fixture(scope="module")
def resnet():
    """ImageNet weights as torchvision names them: statistics, counters and a classifier included."""
    network = backbone("resnet18", "native").network
    for name, value in network.state_dict().items():
        if "running" in name:
            value.uniform_(0.5, 1.5)
    return {**network.state_dict(), "fc.weight": torch.ones(1000, 512), "fc.bias": torch.ones(1000)}


@pytest.fixture(scope="module")
def pvt():
    """ImageNet weights under the names of timm's whole models."""
    state = backbone("pvt_v2_b0", "native").network.state_dict()
    whole = {re.sub(r"^stages_(\d)", r"stages.\1", name): value for name, value in state.items()}
    return {**whole, "head.weight": torch.ones(1000, 256), "head.bias": torch.ones(1000)}


def in_detectron2(state):
    """As detectron2's converter renames torchvision's files; the classifier ends up in the stem."""
    renamed = {}
    for key, value in state.items():
        name = key if "layer" in key else f"stem.{key}"
        for stage in (4, 3, 2, 1):
            name = name.replace(f"layer{stage}", f"res{stage + 1}")
        for convolution in (1, 2, 3):
            name = name.replace(f"bn{convolution}", f"conv{convolution}.norm")
        renamed[name.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm")] = value.numpy()
    return {"model": renamed, "__author__": "torchvision", "matching_heuristics": True}


def in_official_pvt(state):
    renamed = {}
    for key, value in state.items():
        name = key.replace("mlp.dwconv.", "mlp.dwconv.dwconv.")
        name = "patch_embed1" + name.removeprefix("patch_embed") if name.startswith("patch_embed") else name
        for stage in range(4):
            for theirs, ours in (("downsample", "patch_embed"), ("blocks", "block"), ("norm", "norm")):
                name = name.replace(f"stages.{stage}.{theirs}.", f"{ours}{stage + 1}.")
        renamed[name] = value
    return renamed


def assert_filled(filled, state):
    own = {re.sub(r"^stages_(\d)", r"stages.\1", name): value for name, value in filled.network.state_dict().items()}
    assert len(own) >= 100
    assert [name for name, value in own.items() if COUNTER not in name and not torch.equal(value, state[name])] == []


@pytest.mark.parametrize("norm", ["frozen_batch", "native"])
def test_torchvision_names(resnet, tmp_path, norm):
    torch.save(resnet, tmp_path / "resnet18.pth")
    filled = backbone("resnet18", norm)
    load_backbone_weights(filled, tmp_path / "resnet18.pth")
    assert_filled(filled, resnet)


def test_torchvision_files_of_old(resnet, tmp_path):
    torch.save(resnet, tmp_path / "resnet18.pth", _use_new_zipfile_serialization=False)
    filled = backbone("resnet18")
    load_backbone_weights(filled, tmp_path / "resnet18.pth")
    assert_filled(filled, resnet)


def test_timm_safetensors(pvt, tmp_path):
    save_file(pvt, tmp_path / "model.safetensors")
    filled = backbone("pvt_v2_b0", "native")
    load_backbone_weights(filled, tmp_path / "model.safetensors")
    assert_filled(filled, pvt)


def test_the_authors_pvt_names(pvt, tmp_path):
    official = in_official_pvt(pvt)
    assert {
        "patch_embed4.proj.weight",
        "block2.1.mlp.dwconv.dwconv.bias",
        "norm3.weight",
        "head.bias",
    } <= official.keys()
    torch.save(official, tmp_path / "pvt_v2_b0.pth")
    filled = backbone("pvt_v2_b0", "native")
    load_backbone_weights(filled, tmp_path / "pvt_v2_b0.pth")
    assert_filled(filled, pvt)


@pytest.mark.parametrize(("protocol", "home"), [(2, "core"), (3, "core"), (2, "_core"), (4, "_core"), (5, "_core")])
def test_detectron2_pickles_of_numpy_1_and_2(resnet, tmp_path, protocol, home):
    content = pickle.dumps(in_detectron2(resnet), protocol)
    (tmp_path / "R-18.pkl").write_bytes(content.replace(b"cnumpy._core.", f"cnumpy.{home}.".encode()))
    filled = backbone("resnet18")
    load_backbone_weights(filled, tmp_path / "R-18.pkl")
    assert_filled(filled, resnet)


def test_pickles_of_python_2(tmp_path):
    """Text is bytes there, and bytes are written as text; these are the two floats 1 and -2."""
    (tmp_path / "old.pkl").write_bytes(
        b"\x80\x02}U\x05model}U\x01acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x08" + np.array([1, -2], "<f4").tobytes() + b"tbss."
    )
    assert read_tensors(tmp_path / "old.pkl")["a"].tolist() == [1.0, -2.0]


def test_arrays_of_every_layout_are_read(tmp_path):
    arrays = {
        "rows": np.arange(6, dtype=">f4").reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "none": np.zeros((0, 3), np.float32),
        "one": np.array(7),
    }
    (tmp_path / "arrays.pkl").write_bytes(pickle.dumps(arrays, protocol=2))
    read = read_tensors(tmp_path / "arrays.pkl")
    assert {name: value.tolist() for name, value in read.items()} == {n: a.tolist() for n, a in arrays.items()}
    assert (read["rows"].dtype, read["one"].dtype) == (torch.float32, torch.int64)


class Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a2_a_pickle_that_asks_for_more_than_arrays_is_refused_and_nothing_of_it_runs(resnet, tmp_path, protocol):
    trace = tmp_path / "exploded"
    file = tmp_path / "R-18.pkl"
    file.write_bytes(pickle.dumps({**in_detectron2(resnet), "__author__": Bomb(trace)}, protocol))
    with pytest.raises(CheckpointError, match=r"R-18\.pkl asks for 'posix\.mkdir', which no weights need"):
        load_backbone_weights(backbone("resnet18"), file)
    assert not trace.exists()


@pytest.mark.parametrize("kind", [object, "V8", "U3", "M8[s]"])
def test_arrays_of_anything_but_numbers_are_refused(tmp_path, kind):
    (tmp_path / "odd.pkl").write_bytes(pickle.dumps({"model": {"weight": np.empty(2, kind)}}, protocol=2))
    with pytest.raises(CheckpointError, match=r"odd\.pkl asks for 'numpy\.dtype\."):
        read_tensors(tmp_path / "odd.pkl")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {k: v for k, v in state.items() if k != "conv1.weight"}, "1 missing: conv1.weight"),
        (lambda state: {**state, "layer5.weight": torch.ones(1)}, "1 unexpected: layer5.weight"),
        (
            lambda state: {**state, "conv1.weight": torch.ones(64, 3, 3, 3)},
            r"1 of another shape: conv1.weight is \(64, 3, 3, 3\) instead of \(64, 3, 7, 7\)",
        ),
        (
            lambda state: {f"features.{k}": v for k, v in state.items()},
            "as detectron2 or timm or torchvision would, .*: 100 missing",
        ),
    ],
)
def test_weights_of_another_network_are_refused_with_their_names(resnet, tmp_path, change, message):
    torch.save(change(resnet), tmp_path / "other.pth")
    filled = backbone("resnet18")
    before = {name: value.clone() for name, value in filled.network.state_dict().items()}
    with pytest.raises(CheckpointError, match=message):
        load_backbone_weights(filled, tmp_path / "other.pth")
    assert all(torch.equal(value, before[name]) for name, value in filled.network.state_dict().items())


@pytest.mark.parametrize(("weights", "filled"), [("imagenet", True), ("random", False)])
def test_both_encoders_of_a_trial_that_wants_imagenet_weights_get_the_same(resnet, tmp_path, weights, filled):
    torch.save(resnet, tmp_path / "resnet18.pth")
    config = resolve_preset(
        "combo_demo",
        "s4",
        {"model.backbone.name": "resnet18", "model.backbone.norm": "frozen_batch", "model.backbone.weights": weights},
    )
    model = Combo(config.without_pretraining())
    load_initial_weights(model, config, None, tmp_path / "resnet18.pth", None)
    for encoder in (model.siam_encoder.image_backbone, model.siam_encoder.maskige_backbone):
        assert torch.equal(encoder.network.conv1.weight, resnet["conv1.weight"]) == filled
