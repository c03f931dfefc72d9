"""`training.numerics: fast_1` beside the plain arithmetic: outputs, gradients, twenty steps, what it leaves alone."""

from dataclasses import fields, replace

import pytest
import torch
from tiny_trials import (
    assert_same_checkpoint,
    first_losses,
    losses_by_step,
    run_fit,
    tiny_config,
)
from torch import nn
from torch.testing import assert_close
from torchvision.ops import FrozenBatchNorm2d

from model.combo.config import PixelDecoderConfig
from model.combo.pixel_decoder import PixelDecoder
from model.combo.query_decoder import CrossAttentionLayer
from model.config import OptimConfig
from model.data.avsbench import AVSBench
from model.data.loading import training_batches
from model.interface import model_of
from model.layers.frozen_norm import OnePassFrozenNorm, normalise_in_one_pass
from model.numerics import FAST_1, PLAIN, VERSIONS, Numerics
from model.training.gradients import BatchGradients
from model.training.optim import build_optimizer
from model.training.workers import Workers

STEPS = 20
SETTINGS = {
    "training.batch": 1,
    "model.backbone.norm": "frozen_batch",
    "model.fusion.dropout": 0.0,
    "training.iterations": STEPS,
    "training.evaluate_every": STEPS,
}


def results(module, inputs, cotangents):
    """Outputs of a module, and the gradients of its inputs and parameters."""
    given = [tensor.detach().requires_grad_() for tensor in inputs]
    outputs = module(*given)
    wanted = [*given, *module.parameters()]
    total = sum((output.float() * cotangent).sum() for output, cotangent in zip(outputs, cotangents, strict=True))
    return outputs, torch.autograd.grad(total, wanted)


def assert_near(found, expected, part):
    """The root of the mean squared difference is a part of that of the numbers themselves."""
    for one, other in zip(found, expected, strict=True):
        assert (one.float() - other).square().mean().sqrt() <= part * other.square().mean().sqrt()


def test_a_version_never_changes():
    assert VERSIONS == {"plain": PLAIN, "fast_1": FAST_1}
    assert not any(getattr(PLAIN, field.name) for field in fields(Numerics))
    assert [field.name for field in fields(Numerics) if getattr(FAST_1, field.name)] == [
        "one_pass_norm", "half_pixel_decoder", "shared_mask", "fused_optimizer", "channels_last", "tf32",
    ]  # fmt: skip


@pytest.fixture
def norms():
    """A frozen norm, and the same in one pass."""
    draw = torch.Generator().manual_seed(0)
    pair = []
    for _ in range(2):
        norm = FrozenBatchNorm2d(8)
        draw.manual_seed(0)
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(norm, name).copy_(torch.rand(8, generator=draw) + 0.5)
        pair.append(nn.Sequential(norm))
    normalise_in_one_pass(pair[1])
    return pair


def test_frozen_norm_in_one_pass(norms):
    plain, fast = norms
    assert isinstance(fast[0], OnePassFrozenNorm)
    assert fast.state_dict().keys() == plain.state_dict().keys()
    maps, cotangent = torch.randn(2, 8, 6, 6), torch.randn(2, 8, 6, 6)
    for found, expected in zip(*(results(norm, [maps], cotangent) for norm in (fast, plain)), strict=True):
        assert_close(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_frozen_norm_gives_the_precision_that_it_gets(norms, half):
    plain, fast = norms
    maps = torch.randn(2, 8, 6, 6).to(half)
    assert (plain(maps).dtype, fast(maps).dtype) == (torch.float32, half)
    assert_close(fast(maps), plain(maps).to(half), rtol=torch.finfo(half).eps, atol=torch.finfo(half).eps)


def test_one_mask_for_all_heads():
    torch.manual_seed(0)
    plain = CrossAttentionLayer(32, 4)
    fast = CrossAttentionLayer(32, 4, replace(PLAIN, shared_mask=True))
    fast.load_state_dict(plain.state_dict())
    query, places, memory, keys = (torch.randn(3, n, 32) for n in (5, 5, 12, 12))
    blocked = torch.rand(3, 5, 12) < 0.5
    blocked[..., 0] = False
    found, expected = (
        results(_Reading(layer, blocked), [query, places, memory, keys], [torch.ones(3, 5, 32) * torch.arange(32)])
        for layer in (fast, plain)
    )
    assert_close(found[0], expected[0])
    assert_close(found[1], expected[1], rtol=1e-4, atol=1e-4)


class _Reading(nn.Module):
    """A layer with its mask."""

    def __init__(self, layer, blocked):
        super().__init__()
        self.layer, self.blocked = layer, blocked

    def forward(self, *tokens):
        return [self.layer(*tokens, self.blocked)]


@pytest.fixture
def decoders():
    """A pixel decoder, the same that may be half, maps, and cotangents of what comes out."""
    torch.manual_seed(0)
    config = PixelDecoderConfig(layers=2, heads=4, ffn_width=64)
    plain = _Decoding(PixelDecoder([16, 24, 32, 40], 32, config))
    fast = _Decoding(PixelDecoder([16, 24, 32, 40], 32, config, replace(PLAIN, half_pixel_decoder=True)))
    for layer in plain.decoder.layers:  # places that depend on the pixels, as trained ones do
        nn.init.normal_(layer.attention.sampling_offsets.weight, std=0.1)
        nn.init.normal_(layer.attention.attention_weights.weight, std=0.1)
    fast.load_state_dict(plain.state_dict())
    sides = (32, 16, 8, 4)
    maps = [torch.randn(2, channels, side, side) for channels, side in zip((16, 24, 32, 40), sides, strict=True)]
    return plain, fast, maps, [torch.randn(2, 32, side, side) for side in (32, 4, 8, 16)]


class _Decoding(nn.Module):
    """A pixel decoder whose maps are one list."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, *maps):
        features = self.decoder(list(maps))
        return [features.mask_features, *features.memory]


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_the_pixel_decoder_in_half_precision(decoders, half):
    plain, fast, maps, cotangents = decoders
    expected, expected_gradients = results(plain, maps, cotangents)
    with torch.autocast("cpu", dtype=half):
        found, gradients = results(fast, maps, cotangents)
    assert found[0].dtype == torch.bfloat16
    assert_near(found, expected, 0.01)
    assert_near(gradients, expected_gradients, 0.1)


def test_the_pixel_decoder_of_a_trial_in_fp32_is_what_it_was(decoders):
    plain, fast, maps, cotangents = decoders
    for found, expected in zip(*(results(decoder, maps, cotangents) for decoder in (fast, plain)), strict=True):
        assert all(map(torch.equal, found, expected))


@pytest.mark.parametrize("algorithm", ["adam", "adamw"])
def test_one_operation_updates_all_parameters(algorithm):
    torch.manual_seed(0)
    networks = [nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16)) for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    config = OptimConfig(algorithm=algorithm, lr=0.01)
    plain, fast = (
        build_optimizer(network, config, fused=fused) for network, fused in zip(networks, (False, True), strict=True)
    )
    for _ in range(STEPS):
        for one, other in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        plain.step()
        fast.step()
    assert_close(list(networks[1].parameters()), list(networks[0].parameters()), rtol=1e-5, atol=1e-6)


def test_products_are_in_tf32_in_the_network_only(light_data, monkeypatch):
    config = tiny_config({"training.numerics": "fast_1"})
    network = model_of(config).build(config)
    clips = AVSBench.configured(config, light_data, "train")
    batch = next(training_batches(clips, config, 0, 1, first_step=0, workers=0))
    gradients = BatchGradients(config, network, Workers(), torch.device("cpu"), None)
    precision, losses, seen = torch.get_float32_matmul_precision, gradients.objective.losses, {}
    network.register_forward_pre_hook(lambda *_: seen.update(forward=precision()))
    network.query_decoder.class_head.bias.register_hook(lambda _: seen.update(backward=precision()))
    monkeypatch.setattr(gradients.objective, "losses", lambda *words: seen.update(losses=precision()) or losses(*words))
    gradients.accumulate(0, batch, torch.amp.GradScaler("cpu", enabled=False))
    assert seen == {"forward": "high", "losses": "highest", "backward": "high"}
    assert precision() == "highest"


@pytest.mark.parametrize(("steps", "precision", "tolerance"), [(STEPS, "fp32", 1e-4), (5, "bf16", 0.1)])
def test_losses_of_the_first_steps(steps, precision, tolerance, light_data, tmp_path):
    plain, fast = (
        first_losses(
            steps,
            tiny_config({**SETTINGS, "training.precision": precision, "training.numerics": numerics}),
            light_data,
            tmp_path / numerics,
        )
        for numerics in VERSIONS
    )
    assert fast != plain
    for step, losses in plain.items():
        assert fast[step] == pytest.approx(losses, rel=tolerance, abs=tolerance), f"step {step}"


def test_a_fast_trial_continues_to_the_last_bit(light_data, tmp_path):
    config = tiny_config({"training.iterations": 4, "training.evaluate_every": 4, "training.numerics": "fast_1"})
    straight = list(run_fit(config, light_data, tmp_path / "straight", checkpoint_every=2))
    assert len(first_losses(3, config, light_data, tmp_path / "stopped", checkpoint_every=2)) == 3
    continued = list(run_fit(config, light_data, tmp_path / "stopped", checkpoint_every=2))
    assert losses_by_step(continued) == {step: losses_by_step(straight)[step] for step in (3, 4)}
    assert_same_checkpoint(tmp_path / "stopped" / "step-00000004", tmp_path / "straight" / "step-00000004")
