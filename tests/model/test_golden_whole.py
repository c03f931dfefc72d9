"""The whole of COMBO (R50, S4) against the authors' code: names, sizes, optimiser, predictions."""

from collections import Counter

import pytest
import torch
from golden import hash_tensor, hash_weight, official_entries, our_names, vectors

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.combo.inference import class_scores
from model.combo.network import Combo
from model.config import OptimConfig
from model.data.batch import unlabelled
from model.training.acceleration import order_channels_last
from model.training.optim import build_optimizer, set_learning_rates
from model.weights.parameter_counts import network_without_memory
from model.weights.uninitialised import uninitialised

FAST = {"model.backbone.weights": "random", "model.pixel_decoder.sampling": "fastest"}


def close_share(value, expected):
    """Share of the entries within the tolerance of the golden index."""
    assert value.shape == expected.shape
    return torch.isclose(value.float(), expected.float(), rtol=2e-3, atol=2e-3).float().mean().item()


def test_every_parameter_has_its_official_learning_rate_and_weight_decay():
    optimizer = build_optimizer(network_without_memory(resolve_preset("combo_r50", "s4")), OptimConfig())
    groups = {name: (group["lr"], group["weight_decay"]) for group in optimizer.param_groups for name in group["names"]}
    official = {our_names()[key]: rates for key, (_, rates) in official_entries().items() if rates is not None}
    assert groups.keys() == official.keys()
    for name, rates in groups.items():
        assert rates == pytest.approx(official[name], rel=1e-12), name
    assert Counter(official.values()).keys() == {(1e-5, 0.05), (1e-4, 0.05), (1e-4, 0.0)}
    assert (optimizer.defaults["betas"], optimizer.defaults["eps"]) == ((0.9, 0.999), 1e-8)


@pytest.mark.parametrize(("name", "iterations"), [("90k", 90_000), ("20k", 20_000)])
def test_learning_rates_follow_the_official_schedule(name, iterations):
    g = vectors("lr_schedule")
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    rates = [1e-4, 1e-5]
    groups = [{"params": [p], "lr": lr, "base_lr": lr} for p, lr in zip(parameters, rates, strict=True)]
    optimizer = torch.optim.AdamW(groups)
    for index, step in enumerate(g[f"iters_{name}"].tolist()):
        set_learning_rates(optimizer, step, iterations, OptimConfig().poly_power)
        expected = [float(g[f"lr_{name}"][index]), float(g[f"lr_backbone_{name}"][index])]
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(expected, rel=1e-9)


def test_vggish():
    g = vectors("vggish_net")
    with torch.device("meta"):
        network = VGGish()
    state = {}
    for key, parameter in network.state_dict().items():
        shape = list(parameter.shape)
        scale = 1.6 * (3 / parameter[0].numel()) ** 0.5 if parameter.ndim > 1 else 0.1
        state[key] = hash_tensor(f"vgg.{key}", shape, scale)
    network.load_state_dict(state, assign=True)
    torch.testing.assert_close(network.features(g["input"]), g["features_out"], rtol=2e-3, atol=1e-4)
    torch.testing.assert_close(network(g["input"]), g["embedding"], rtol=2e-3, atol=1e-4)


@pytest.fixture(scope="module")
def end_to_end():
    """Reference vectors, our predictions for the same clip, and our network with the same weights."""
    g = vectors("e2e_r50_s4")
    with uninitialised():
        model = Combo(resolve_preset("combo_r50", "s4", {"model.backbone.weights": "random"})).eval()
    state = model.state_dict()
    with torch.no_grad():
        for key, name in our_names().items():
            state[name].copy_(hash_weight(key, official_entries()[key][0]))
        predictions = model(unlabelled(g["images"], g["pre_masks"], g["audio_log_mel"]))
        yield g, model, predictions


@pytest.mark.parametrize("numerics", ["plain", "fast_1"])
def test_predictions_of_the_whole_network(numerics, end_to_end):
    g, model, predictions = end_to_end
    if numerics != "plain":
        with uninitialised():
            fast = Combo(resolve_preset("combo_r50", "s4", {**FAST, "training.numerics": numerics})).eval()
        fast.load_state_dict(model.state_dict(), assign=True)
        order_channels_last(fast, torch.optim.AdamW(fast.parameters()))
        with torch.no_grad():
            predictions = fast(unlabelled(g["images"], g["pre_masks"], g["audio_log_mel"]))
    final = predictions[-1]
    assert len(predictions) == 10
    shares = {
        "pred_logits": close_share(final.class_logits, g["pred_logits"]),
        "pred_masks": close_share(final.mask_logits[:, :10], g["pred_masks_q0to9"]),
        "aux_logits0": close_share(predictions[0].class_logits, g["aux_logits0"]),
        "aux_logits4": close_share(predictions[4].class_logits, g["aux_logits4"]),
        "aux_masks0": close_share(predictions[0].mask_logits[:, :5], g["aux_masks0_q0to4"]),
        "sem_seg": close_share(class_scores(final, (64, 64)), g["sem_seg"]),
    }
    assert min(shares.values()) >= 0.999, shares


def test_stations_inside_the_network(end_to_end):
    g, model, _ = end_to_end
    images, maskiges = (model.normalise(g[name]) for name in ("images", "pre_masks"))
    encoder = model.siam_encoder
    fused = encoder(images, maskiges)
    pixels = model.pixel_decoder(fused)
    heard = model.audio_encoder(g["audio_log_mel"])
    visual, audio = model.fusion(pixels.mask_features, heard[:, None])
    stations = {
        "audio_feature": heard,
        "mask_features_c0to15": pixels.mask_features[:, :16],
        "bfm_visual_c0to15": visual[:, :16],
        "bfm_audio": audio,
        "audio_query": model.audio_mlp(audio),
    }
    seen, painted = encoder.image_backbone(images), encoder.maskige_backbone(maskiges)
    for level, name in enumerate(("res2", "res3", "res4", "res5")):
        stations[f"backbone_{name}_c0to7"] = seen[level][:, :8]
        stations[f"maskige_{name}_c0to7"] = painted[level][:, :8]
        stations[f"fused_{name}_c0to7"] = fused[level][:, :8]
    for level, memory in enumerate(pixels.memory):
        stations[f"pd_ms{level}_c0to15"] = memory[:, :16]
    shares = {name: close_share(value, g[name]) for name, value in stations.items()}
    assert min(shares.values()) >= 0.999, shares
