"""Every tensor of the authors' state dicts has its place in our network, and the other way round."""

from itertools import product

import pytest
from official_states import official_shapes

from experiments.presets import resolve_preset
from model.combo.official_names import EMPTY_WEIGHT
from model.weights.errors import CheckpointError
from model.weights.import_official import official_places

SMALL = {"model.backbone.name": "resnet18", "model.width": 32, "model.audio_encoder.mlp_width": 16}
FUSION = "sem_seg_head.fusion_module."


def small_places(**overrides):
    return official_places(resolve_preset("combo_r50", "s4", {**SMALL, **overrides}))


def official_keys(places, prefix=""):
    return {key for place in places for key in place.official if key.startswith(prefix)}


@pytest.mark.parametrize(("backbone", "task"), list(product(["r50", "pvt"], ["s4", "ms3", "avss"])))
def test_every_official_key_is_one_tensor_of_ours(backbone, task):
    config = resolve_preset(f"combo_{backbone}", task)
    places = official_places(config)
    official = [(key, list(place.shape)) for place in places for key in place.official]
    assert len(official) == len(dict(official)) == len({place.ours for place in places})
    assert {**dict(official), EMPTY_WEIGHT: [config.classes + 1]} == official_shapes(backbone, task)


@pytest.mark.parametrize("name", ["resnet18", "resnet101", "pvt_v2_b0", "pvt_v2_b2_li"])
def test_other_sizes_of_both_families_have_official_names(name):
    places = small_places(**{"model.backbone.name": name, "model.backbone.norm": "native"})
    keys = official_keys(places)
    assert len(keys) == len(places)
    family = "backbone.res5.1.conv2.norm.weight" if "resnet" in name else "backbone.block4.1.mlp.dwconv.dwconv.weight"
    assert {family, f"pre_sam_{family}"} <= keys


def test_a_shared_encoder_stands_twice_in_the_official_state_dict():
    separate, shared = small_places(), small_places(**{"model.siam_encoder.mode": "shared"})
    assert official_keys(shared) == official_keys(separate)
    twice = [place.official for place in shared if len(place.official) > 1]
    assert len(shared) + len(twice) == len(separate)
    assert all(second == f"pre_sam_{first}" for first, second in twice)


def test_an_encoder_of_images_only_leaves_out_what_concerns_maskiges():
    keys = official_keys(small_places(**{"model.siam_encoder.mode": "image_only"}))
    separate = official_keys(small_places())
    assert keys == {key for key in separate if not key.startswith(("pre_sam_backbone.", "scale_factor_module."))}


@pytest.mark.parametrize(
    ("mode", "module", "count"),
    [("bilateral", "b_attn.", 20), ("audio", "b_attn.", 20), ("visual", "a2i_attn.", 15), ("none", "", 2)],
)
def test_every_fusion_mode_has_its_official_module(mode, module, count):
    keys = official_keys(small_places(**{"model.fusion.mode": mode}), FUSION)
    assert len(keys) == count
    codes = {f"{FUSION}audio_pos.weight", f"{FUSION}level_embed.weight"}
    assert codes <= keys
    assert all(key.startswith(FUSION + module) for key in keys - codes)


@pytest.mark.parametrize("mode", ["add", "all", "none", "concat"])
def test_queries_have_the_same_names_in_every_mode(mode):
    assert official_keys(small_places(**{"model.query_decoder.query_mode": mode})) == official_keys(small_places())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.backbone.name", "resnet50d"),
        ("model.backbone.name", "test_resnet"),
        ("model.backbone.norm", "group"),
        ("truths.channel_weight", "paper"),
        ("model.audio_encoder.name", "compact"),
    ],
)
def test_what_the_authors_cannot_build_is_named(key, value):
    with pytest.raises(CheckpointError, match=rf"the authors' code cannot build this network.*change .*{key}={value}"):
        small_places(**{key: value})


def test_a_truth_that_changes_no_tensor_changes_no_name():
    assert official_keys(small_places(**{"truths.audio_query_expand": "paper"})) == official_keys(small_places())
