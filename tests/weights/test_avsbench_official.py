"""The AVSBench baseline's weights as its authors publish them: every name, every count, bit for bit in and out."""

import json
from itertools import product

import pytest
import torch
from official_states import hollow_state, official_shapes, random_bits, same_bits

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.weights.errors import CheckpointError
from model.weights.import_official import official_places
from model.weights.stored_model import load_model, read_stored_model

VGGISH = 72_141_184
BACKBONES = {"r50": 23_508_032, "pvt": 81_443_008}
DUPLICATES = {"r50": 22_063_104, "pvt": 0}
NECKS = {"r50": 35_393_536, "pvt": 9_441_280}
TOTALS = {
    ("r50", "s4"): 91_400_961,
    ("r50", "ms3"): 91_400_961,
    ("r50", "avss"): 91_402_247,
    ("pvt", "s4"): 101_320_577,
    ("pvt", "ms3"): 101_320_577,
    ("pvt", "avss"): 101_321_863,
}
"""Without VGGish."""


@pytest.mark.parametrize(("backbone", "task"), TOTALS)
def test_counts_are_those_of_the_released_models(combo, backbone, task):
    said = combo("model", "summary", "--preset", f"avsbench_{backbone}", "--task", task, "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == {
        "total": TOTALS[backbone, task] + VGGISH,
        "trainable": TOTALS[backbone, task],
        "modules": {
            "backbone": BACKBONES[backbone],
            "unexecuted_stages": DUPLICATES[backbone],
            "audio_encoder": VGGISH,
            "neck": NECKS[backbone],
            "tpavi": 4 * (165_504 if task == "avss" else 165_760),
            "decoder": 9_441_280,
            "head": 334_279 if task == "avss" else 331_969,
            "generation": 0,
        },
    }


@pytest.mark.parametrize(("preset", "count"), [("avsbench_r50", 90_737_921), ("avsbench_pvt", 100_657_537)])
def test_the_visual_baseline_has_no_tpavi(combo, preset, count):
    said = combo("model", "summary", "--preset", preset, "--task", "s4", "model.tpavi.stages=[]", "--json")
    assert json.loads(said.out)["trainable"] == count


@pytest.mark.parametrize(("backbone", "task"), list(product(("r50", "pvt"), ("s4", "ms3", "avss"))))
def test_every_official_key_is_one_tensor_of_ours(backbone, task):
    places = official_places(resolve_preset(f"avsbench_{backbone}", task))
    official = {place.official[0]: list(place.shape) for place in places}
    assert len(official) == len(places)
    assert official == official_shapes(backbone, task, "avsbench")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.backbone.name", "resnet50d"),
        ("model.backbone.norm", "frozen_batch"),
        ("model.audio_encoder.name", "compact"),
        ("truths.tpavi_norm", "paper"),
        ("truths.unexecuted_layers", "paper"),
        ("model.generation", True),
    ],
)
def test_what_the_authors_cannot_build_is_named(key, value):
    with pytest.raises(
        CheckpointError, match=rf"the authors' code cannot build this network.*change .*{key}={str(value).lower()}"
    ):
        official_places(resolve_preset("avsbench_r50", "s4", {key: value}))


@pytest.fixture
def vggish_file(roomy_path, light_vggish):  # noqa: ARG001
    state, path = VGGish().state_dict(), roomy_path / "vggish.pth"
    torch.save(state, path)
    return path


def test_import_and_export_are_the_identity(combo, roomy_path, vggish_file):
    file, back, storage = roomy_path / "S4_resnet50_best.pth", roomy_path / "back.pth", roomy_path / "storage"
    generator = torch.Generator().manual_seed(0)
    state = {
        key: random_bits(shape, torch.float32, generator)
        for key, shape in official_shapes("r50", "s4", "avsbench").items()
    }
    torch.save(state, file)
    words = ("model", "import", file, "--preset", "avsbench_r50", "--task", "s4", "--storage", storage)

    bare = combo(*words)
    assert bare.code == 2
    assert bare.err.startswith(
        "error: the authors of avsbench keep VGGish in a file of its own: pass the published vggish-10086976.pth, "
    )
    assert bare.err.endswith(", as --vggish-weights FILE\n")

    imported = combo(*words, "--vggish-weights", vggish_file)
    assert (imported.code, imported.err) == (0, "")
    assert "already imported" in combo(*words, "--vggish-weights", vggish_file).out
    stored = read_stored_model(storage / "imported" / "avsbench_r50-s4")
    heard = load_model(stored).audio_encoder.state_dict()
    for key, value in torch.load(vggish_file, weights_only=True).items():
        assert same_bits(value, heard[key]), key

    other = roomy_path / "other.pth"
    torch.save({key: value + 1 for key, value in heard.items()}, other)
    refused = combo(*words, "--vggish-weights", other)
    assert refused.code == 2
    assert "holds the same file beside another VGGish" in refused.err

    exported = combo("model", "export", "avsbench_r50-s4", "--out", back, "--storage", storage)
    assert (exported.code, exported.err) == (0, "")
    content = torch.load(back, weights_only=True, mmap=True)
    assert list(content) == list(state)
    assert [key for key, value in state.items() if not same_bits(value, content[key])] == []


def test_a_file_of_another_network_is_refused(combo, roomy_path, vggish_file):
    file = roomy_path / "avss.pth"
    torch.save(hollow_state(official_shapes("r50", "avss", "avsbench")), file)
    words = ("--preset", "avsbench_r50", "--task", "s4", "--vggish-weights", vggish_file)
    said = combo("model", "import", file, *words, "--out", roomy_path / "out")
    assert said.code == 2
    assert "4 missing: tpavi_b1.align_channel.bias" in said.err
    assert "output_conv.4.weight is (71, 32, 1, 1) instead of (1, 32, 1, 1)" in said.err


def test_a_model_whose_file_holds_vggish_takes_no_other(combo, roomy_path, vggish_file):
    file = roomy_path / "combo.pth"
    torch.save({"a": torch.zeros(1)}, file)
    words = ("--preset", "combo_r50", "--task", "s4", "--vggish-weights", vggish_file)
    said = combo("model", "import", file, *words, "--out", roomy_path / "out")
    assert said.code == 2
    vggish, fit = said.err.splitlines()
    assert vggish == "error: the authors' file of combo holds VGGish already: leave out --vggish-weights"
    assert fit.startswith(f"error: {file} does not fit, name the preset, task and settings that it belongs to: ")
