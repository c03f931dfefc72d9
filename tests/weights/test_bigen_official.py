"""The authors' files of AVS-BiGen become checkpoints of ours and come out again; VGGish is in a file of its own."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from bigen_states import official_shapes
from official_states import GOLDEN, hollow_state, random_bits, same_bits

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.weights.errors import CheckpointError
from model.weights.import_official import import_official, official_places
from model.weights.parameter_counts import count_parameters
from model.weights.state_dict_mismatch import shapes
from model.weights.stored_model import load_model, read_stored_model

R50_S4 = ("--preset", "bigen_r50", "--task", "s4")
NETWORKS = {
    "r50": ("bigen_r50", "basic"),
    "pvt": ("bigen_pvt", "basic"),
    "r50_asppneck": ("bigen_r50", "aspp"),
    "pvt_asppneck": ("bigen_pvt", "aspp"),
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("projection", ["official", "paper"])
def test_every_official_key_is_one_tensor_of_ours(network, projection):
    preset, neck = NETWORKS[network]
    settings = {"model.neck": neck, "truths.audio_projection": projection}
    places = official_places(resolve_preset(preset, "s4", settings))
    official = [(key, list(place.shape)) for place in places for key in place.official]
    assert len(official) == len(places)
    assert dict(official) == official_shapes(network)


@pytest.mark.parametrize(
    ("preset", "settings", "count"),
    [
        ("bigen_pvt", {}, 85_499_515),
        ("bigen_r50", {}, 27_924_987),
        ("bigen_pvt", {"model.neck": "aspp"}, 88_904_315),
        ("bigen_r50", {"model.neck": "aspp"}, 43_945_467),
        ("bigen_pvt", {"model.fusion": "tpavi"}, 85_416_699),
        ("bigen_r50", {"model.fusion": "tpavi"}, 27_842_171),
    ],
)
def test_counts_are_those_of_the_released_networks(preset, settings, count):
    """Without VGGish, and with the layers that nothing uses."""
    assert count_parameters(resolve_preset(preset, "s4", settings)).trainable == count


def test_tpavi_has_the_authors_names():
    places = official_places(resolve_preset("bigen_r50", "s4", {"model.fusion": "tpavi"}))
    names = {key.removeprefix("fusion_modules.3.") for place in places for key in place.official if "modules.3" in key}
    with np.load(GOLDEN / "bigen_tpavi_variant.npz") as stored:
        published = {key.removeprefix("w/") for key in stored if key.startswith("w/")}
    assert names == published | {"W_z.1.num_batches_tracked"}


@pytest.fixture
def vggish_file(roomy_path, light_vggish):  # noqa: ARG001
    file = roomy_path / "vggish-10086976.pth"
    torch.save(hollow_state({name: list(shape) for name, shape in shapes(VGGish()).items()}), file)
    return file


def test_import_and_export_are_the_identity(combo, roomy_path, vggish_file):
    generator = torch.Generator().manual_seed(0)
    state = OrderedDict(
        (key, random_bits(shape, torch.int64 if key.endswith("tracked") else torch.float32, generator))
        for key, shape in official_shapes("r50").items()
    )
    file, back, storage = roomy_path / "S4_best.pth", roomy_path / "back.pth", roomy_path / "storage"
    torch.save(state, file)

    alone = combo("model", "import", file, *R50_S4, "--storage", storage)
    assert alone.code == 2
    assert (
        "the authors of bigen keep VGGish in a file of its own: pass the published vggish-10086976.pth, " in alone.err
    )

    imported = combo("model", "import", file, *R50_S4, "--storage", storage, "--vggish-weights", vggish_file)
    assert (imported.code, imported.err) == (0, "")
    heard = sum(weight.numel() for weight in VGGish().parameters())
    assert {f"{heard:,}", "23,508,032", "2,160,257", "311,936"} <= set(imported.out.split())
    exported = combo("model", "export", "bigen_r50-s4", "--out", back, "--storage", storage)
    assert (exported.code, exported.err) == (0, "")
    content = torch.load(back, weights_only=True, mmap=True)
    assert list(content) == list(state)
    assert [key for key, value in state.items() if not same_bits(value, content[key])] == []


def test_an_imported_network_is_whole(roomy_path, vggish_file):
    config = resolve_preset("bigen_r50", "ms3")
    state = hollow_state(official_shapes("r50"))
    state["mask_encoder.1.conv.weight"] = torch.full((64, 64, 3, 3), 0.5)
    torch.save(state, roomy_path / "MS3_best.pth")
    import_official(roomy_path / "MS3_best.pth", config, roomy_path / "imported", vggish_weights=vggish_file)
    network = load_model(read_stored_model(roomy_path / "imported"))
    assert bool((network.generation.mask_encoder[1].weight == 0.5).all())
    assert not network.audio_encoder.features[0].weight.any()


def test_vggish_is_not_asked_for_where_the_authors_file_holds_it(tmp_path):
    file = tmp_path / "model_best.pth"
    torch.save({}, file)
    with pytest.raises(CheckpointError, match="holds VGGish already: leave out --vggish-weights"):
        import_official(file, resolve_preset("combo_r50", "s4"), tmp_path / "out", vggish_weights=file)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.backbone.name", "test_resnet"),
        ("model.backbone.norm", "frozen_batch"),
        ("model.audio_encoder.name", "compact"),
        ("model.fusion", "none"),
        ("model.motion", False),
        ("model.generation", False),
        ("truths.decoder", "paper"),
    ],
)
def test_what_the_authors_cannot_build_is_named(key, value):
    told = str(value).lower()
    with pytest.raises(CheckpointError, match=rf"the authors' code cannot build this network.*change .*{key}={told}"):
        official_places(resolve_preset("bigen_r50", "s4", {"model.backbone.name": "resnet18", key: value}))
