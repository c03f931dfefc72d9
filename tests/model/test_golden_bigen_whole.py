"""The whole of AVS-BiGen (R50) against the authors' code: predictions, stations inside, one training step."""

from copy import deepcopy

import pytest
import torch
from bigen_golden import bigen_config, formula_filled, reference_batch
from golden import vectors

from model.bigen.model import BIGEN_MODEL
from model.layers.audio_generation import consistency_loss
from model.weights.parameter_counts import part_of

OFFICIAL_MODULES = {
    "encoder": ["backbone"],
    "neck": ["neck"],
    "decoder": ["decoder"],
    "fusion_modules": ["fusion"],
    "corr_atten": ["motion"],
    "mask_encoder": ["mask_encoder"],
    "maksed_visual_to_audio": ["mask_decoder"],
}


def statistics(values):
    values = values.detach().double()
    return torch.stack([values.mean(), values.std(), values.min(), values.max()])


@pytest.fixture(scope="module")
def filled():
    """Tests leave it as it is."""
    return formula_filled(bigen_config())


@pytest.fixture(scope="module")
def whole(filled):
    network = deepcopy(filled).eval()
    stations = {}

    def listen(name, module):
        module.register_forward_hook(lambda _module, _inputs, output: stations.update({name: output}))

    for stage in range(4):
        listen(f"tap_neck{stage + 1}", network.neck.levels[stage])
        listen(f"tap_fusion{stage + 1}", network.fusion[stage])
        listen(f"tap_corrconv{stage + 1}", network.motion.gates[stage])
    batch = reference_batch("ms3")
    with torch.no_grad():
        outputs = network(batch)
        moving = network.motion(outputs.fused, [5])
        generated = {
            "S4": network.generation(moving[-1], outputs.logits),
            "MS3": network.generation(moving[-1], batch.labels.float()[:, None]),
        }
    return vectors("whole_bigen_r50"), outputs, stations, generated


def test_predictions_and_stations(whole):
    g, outputs, stations, _ = whole
    allowed = 2e-3 * g["pred_stats"][1]
    sampled = outputs.logits[:, :, ::4, ::4]
    assert (sampled - g["pred_s4"]).abs().max() <= allowed
    assert (statistics(outputs.logits) - g["pred_stats"]).abs().max() <= allowed
    found = stations | {f"feat{stage + 1}_stats": maps for stage, maps in enumerate(outputs.fused)}
    for name, values in found.items():
        assert (statistics(values) - g[name]).abs().max() <= 2e-3 * g[name][1], name


@pytest.mark.parametrize("task", ["S4", "MS3"])
def test_consistency_of_audio_features_and_generated_ones(task, whole):
    g, outputs, _, generated = whole
    loss = consistency_loss(outputs.audio_features, generated[task]) / 5
    assert loss.item() == pytest.approx(g[f"latent_{task}"].item(), rel=2e-3)


def test_one_step_of_training(filled):
    g = vectors("train_bigen_r50_s4")
    config = bigen_config()
    network, batch = deepcopy(filled).train(), reference_batch("s4")
    objective = BIGEN_MODEL.objective(config)
    outputs = network(batch)
    supervision = objective.supervise(batch, 0)
    losses = objective.losses(outputs, supervision, objective.counts([supervision]))
    total = objective.weighted_sum(losses)
    total.backward()

    parts = {"seg": losses["bce"] + losses["iou"], "kl": losses["kl"], "consistency": losses["consistency"]}
    assert total.item() == pytest.approx(g["total"].item(), rel=1e-3)
    for name, value in parts.items():
        assert value.item() == pytest.approx(g[f"part_{name}"].item(), rel=1e-3), name

    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    for module, ours in OFFICIAL_MODULES.items():
        gradients = [p.grad for name, p in trained.items() if part_of(name, network.parts) in ours]
        norm = torch.stack([gradient.double().norm() for gradient in gradients]).norm()
        assert norm.item() == pytest.approx(g[f"gradnorm_{module}"].item(), rel=2e-2), module
    assert {part_of(name, network.parts) for name, p in trained.items() if p.grad is None} == {"unused"}
