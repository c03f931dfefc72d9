"""The whole AVSBench baseline (R50, S4) against the authors' code: predictions, and one step of training."""

from copy import deepcopy
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import torch
from baseline_vectors import drawn, fill_by_formula, formula_weight
from golden import vectors

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.avsbench.network import AVSBenchNetwork
from model.avsbench.objective import AVSBenchObjective
from model.avsbench.official_names import official_names
from model.data.batch import unlabelled
from model.layers.imagenet_pixels import DEVIATION, MEAN
from model.weights.uninitialised import uninitialised

STAGES = range(4)


def statistics(values):
    """Mean, population deviation, least and largest, as the vectors have them."""
    return [values.mean().item(), values.std(unbiased=False).item(), values.min().item(), values.max().item()]


def configured(task="s4", **settings):
    assigned = {key.replace("__", "."): value for key, value in settings.items()}
    return resolve_preset("avsbench_r50", task, {"model.backbone.weights": "random", **assigned})


@pytest.fixture(scope="module")
def as_released():
    """The network with the weights of the golden index, beside a small VGGish: sound comes as embeddings.

    Tests leave it as it is.
    """
    config = configured()
    with torch.no_grad(), patch.object(VGGish, "hidden", 8):
        with uninitialised():
            network = AVSBenchNetwork(config)
        fill_by_formula(network, config)
    return network


@pytest.fixture(scope="module")
def clip():
    """Normalised pixels and embeddings of five frames."""
    return drawn(7, 5, 3, 224, 224), drawn(8, 5, 128).abs()


@pytest.fixture(scope="module")
def stations(as_released, clip):
    """Outputs of the modules by the authors' names, and the segmentation."""
    network, taps = as_released.eval(), {}
    watched = {f"conv{stage + 1}": network.neck[stage] for stage in STAGES}
    watched |= {f"path{stage + 1}": network.decoder.levels[stage] for stage in STAGES}
    watched |= {f"tpavi_b{stage}": module for stage, module in network.tpavi.items()}

    def keep(name):
        return lambda _module, _inputs, output: taps.update({name: output[0] if "tpavi" in name else output})

    hooks = [module.register_forward_hook(keep(name)) for name, module in watched.items()]
    with torch.no_grad():
        segmentation = network.segment(*clip, [5])
    for hook in hooks:
        hook.remove()
    return taps, segmentation


def test_predictions_of_the_whole_network(stations):
    g = vectors("whole_avsbench_r50")
    _, segmentation = stations
    tolerance = 2e-3 * g["pred_stats"][1].item()
    torch.testing.assert_close(segmentation.logits[:, :, ::4, ::4], g["pred_s4"], rtol=0, atol=tolerance)
    assert statistics(segmentation.logits) == pytest.approx(g["pred_stats"].tolist(), rel=0, abs=tolerance)


def test_stations_inside_the_network(stations):
    g = vectors("whole_avsbench_r50")
    taps, segmentation = stations
    for name, values in taps.items():
        expected = g[f"tap_{name}"].tolist()
        assert statistics(values) == pytest.approx(expected, rel=0, abs=2e-3 * expected[1]), name
    for stage in STAGES:
        expected = g[f"featlist{stage + 1}_stats"].tolist()
        assert statistics(segmentation.maps[stage]) == pytest.approx(expected, rel=0, abs=2e-3 * expected[1])
        assert segmentation.maps[stage].min() == 0
        heard = g[f"audiolist{stage + 1}"].flatten(0, 1)
        torch.testing.assert_close(segmentation.sound[stage][:, :8], heard, rtol=2e-3, atol=1e-4)


def test_a_batch_of_pixels_and_sound_is_segmented_like_what_becomes_of_it(as_released, clip):
    images, sound = clip[0][:, :, :64, :64], clip[1]
    pixels = images * torch.tensor(DEVIATION).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    with torch.no_grad():
        outputs = as_released.eval()(unlabelled(pixels, None, sound))
        scores = as_released.class_scores(outputs, (64, 64))
        logits = as_released.segment(images, sound, [5]).logits
    torch.testing.assert_close(outputs.logits, logits, rtol=1e-3, atol=1e-3)
    probabilities = scores.softmax(1)[:, 1:]
    torch.testing.assert_close(probabilities, outputs.logits.sigmoid())
    assert torch.equal(scores.argmax(1, keepdim=True) == 1, outputs.logits > 0)


def test_one_step_of_training(as_released, clip):
    g = vectors("train_avsbench_r50_s4")
    config = configured(training__batch=1)
    network = deepcopy(as_released).train()
    labels = torch.from_numpy(np.random.RandomState(9).rand(5, 1, 224, 224) > 0.7)[:1, 0].long()
    images, sound = clip
    outputs = network.segment(images, sound, [5])
    objective = AVSBenchObjective(config)
    annotated = torch.tensor([True] + [False] * 4)
    batch = replace(unlabelled(images, None, sound), annotated=annotated, labels=labels, known=[labels.numel()])
    supervision = objective.supervise(batch, 0)
    losses = objective.losses(outputs, supervision, objective.counts([supervision]))
    total = objective.weighted_sum(losses)
    total.backward()

    assert losses["bce"].item() == pytest.approx(g["part_seg"].item(), rel=1e-3)
    assert total.item() == pytest.approx(g["total"].item(), rel=1e-3)
    assert statistics(outputs.logits) == pytest.approx(g["pred_stats"].tolist(), rel=1e-3)
    official = official_names(config, network.state_dict())
    squares, without = {}, set()
    for ours, parameter in network.named_parameters():
        if ours not in official:
            continue
        (name,) = official[ours]
        module = name.split(".")[0]
        if parameter.grad is None:
            without.add(".".join(name.split(".")[:2]))
        else:
            squares[module] = squares.get(module, 0) + parameter.grad.double().square().sum().item()
    assert without == {"path4.resConfUnit1", "resnet.layer3_2", "resnet.layer4_2"}
    norms = {key.removeprefix("gradnorm_"): value.item() for key, value in g.items() if key.startswith("gradnorm_")}
    assert {module: square**0.5 for module, square in squares.items()} == pytest.approx(norms, rel=2e-2)


def test_vggish():
    g = vectors("whole_vggish")
    with torch.no_grad():
        with torch.device("meta"):
            network = VGGish()
        network.to_empty(device="cpu")
        for name, value in network.state_dict().items():
            value.copy_(formula_weight(name, tuple(value.shape)))
        examples = drawn(10, 2, 1, 96, 64) - 1
        features = network.features(examples)
        torch.testing.assert_close(features[:, :8], g["features_head"], rtol=1e-3, atol=1e-5)
        assert statistics(features) == pytest.approx(g["features_stats"].tolist(), rel=1e-3)
        torch.testing.assert_close(network(examples), g["embedding"], rtol=1e-3, atol=1e-5)
