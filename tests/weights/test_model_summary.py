"""`combo model summary` gives the parameter counts of the released models, to the last one."""

import json

import pytest

SHARED = "model.siam_encoder.mode=shared"
VGGISH = 72_141_184
ENCODERS = {"combo_r50": (23_454_912, 700_400, 6_035_904), "combo_pvt": (81_443_008, 49_216, 5_315_008)}
"""Backbone, gates, pixel decoder."""
DECODERS = {"s4": 14_459_395, "ms3": 14_459_395, "avss": 14_477_128}
TOTALS = {
    ("combo_r50", "s4"): 158_903_091,
    ("combo_r50", "avss"): 158_920_824,
    ("combo_r50", "s4", SHARED): 135_448_179,
    ("combo_r50", "avss", SHARED): 135_465_912,
    ("combo_pvt", "s4"): 273_507_203,
    ("combo_pvt", "avss"): 273_524_936,
    ("combo_pvt", "ms3", SHARED): 192_064_195,
    ("combo_pvt", "avss", SHARED): 192_081_928,
}


@pytest.mark.parametrize("words", TOTALS, ids=" ".join)
def test_counts_are_those_of_the_released_models(combo, words):
    preset, task, *settings = words
    said = combo("model", "summary", "--preset", preset, "--task", task, *settings, "--json")
    backbone, gates, pixel_decoder = ENCODERS[preset]
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == {
        "total": TOTALS[words],
        "trainable": TOTALS[words] - VGGISH,
        "modules": {
            "image_backbone": backbone,
            "maskige_backbone": 0 if SHARED in settings else backbone,
            "channel_weights": gates,
            "audio_encoder": VGGISH,
            "pixel_decoder": pixel_decoder,
            "fusion": 297_856,
            "audio_mlp": 18_358_528,
            "query_decoder": DECODERS[task],
        },
    }


def test_the_table_explains_the_papers_numbers(combo):
    said = combo("model", "summary", "--preset", "combo_r50", "--task", "s4")
    assert said.code == 0
    assert "158,903,091" in said.out
    assert {"158.9", "135.5", "135.466", "135.448"} <= set(said.out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "combo_r5", "--task", "s4"], "names no preset: 'combo_r5' (did you mean 'combo_r50'?)"),
        (["--preset", "combo_r50", "--task", "s4", "model.backbone.name=resnet5"], "timm has no model 'resnet5'"),
        (["--preset", "combo_r50", "--task", "s4", "model.widht=3"], "'widht' is not a setting of combo trials"),
    ],
)
def test_a_network_that_does_not_exist_is_told_in_one_line(combo, words, message):
    said = combo("model", "summary", *words)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert message in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["combo_demo", "s4"],
        ["avsbench_demo", "s4"],
        ["bigen_demo", "ms3"],
        ["bigen_r50", "s4"],
        ["combo_r50", "s4", "model.query_decoder.queries=50"],
    ],
    ids=" ".join,
)
def test_a_network_that_no_paper_counts_is_not_compared_with_papers(combo, words):
    preset, task, *settings = words
    said = combo("model", "summary", "--preset", preset, "--task", task, *settings)
    assert said.code == 0
    assert "paper" not in said.out.lower()


@pytest.mark.parametrize(
    ("preset", "number"), [("avsbench_pvt", "101.32"), ("avsbench_r50", "91.40"), ("bigen_pvt", "85.50")]
)
def test_the_networks_of_other_papers_are_compared_with_them(combo, preset, number):
    assert number in combo("model", "summary", "--preset", preset, "--task", "s4").out
