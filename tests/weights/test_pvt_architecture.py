"""timm's PVT-v2 computes what the authors' does: a forward pass written from its description, on official names."""

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from experiments.presets import resolve_preset
from model.config import BackboneConfig
from model.layers.backbones import Backbone
from model.weights.backbone_file import load_backbone_weights
from model.weights.backbone_names import OFFICIAL_PVT_V2
from model.weights.parameter_counts import network_without_memory

HEADS, REDUCTIONS, DEPTH = (1, 2, 5, 8), (8, 4, 2, 1), 2
"""Of PVT-v2-b0, per stage."""
BLOCK_EPS, EMBED_EPS = 1e-6, 1e-5


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """PVT-v2-b0 and its weights under official names, random.

    Norms have small outputs, so that the epsilon of the next norm matters.
    """
    backbone = Backbone(BackboneConfig(name="pvt_v2_b0", weights="random", norm="native")).double().eval()
    generator = torch.Generator().manual_seed(0)
    official = {}
    for name, value in backbone.network.state_dict().items():
        size = value[0].numel() ** -0.5 if value.ndim > 1 else 2e-3
        drawn = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        official[OFFICIAL_PVT_V2.name(name)] = drawn * size
    path = tmp_path_factory.mktemp("pvt") / "pvt_v2_b0.pth"
    torch.save(official, path)
    load_backbone_weights(backbone, path)
    return backbone, official


class Reference:
    """PVT-v2 as the authors describe it, with its two epsilons."""

    def __init__(self, state, block_eps=BLOCK_EPS, embed_eps=EMBED_EPS):
        self.state, self.block_eps, self.embed_eps = state, block_eps, embed_eps

    def stage(self, images, stage):
        number = stage + 1
        stride, padding = (4, 3) if stage == 0 else (2, 1)
        embedded = self.convolution(images, f"patch_embed{number}.proj", stride=stride, padding=padding)
        shape = embedded.shape[2:]
        tokens = self.norm(embedded.flatten(2).transpose(1, 2), f"patch_embed{number}.norm", self.embed_eps)
        for block in range(DEPTH):
            place = f"block{number}.{block}"
            normed = self.norm(tokens, f"{place}.norm1", self.block_eps)
            tokens = tokens + self.attention(normed, f"{place}.attn", shape, stage)
            tokens = tokens + self.mlp(self.norm(tokens, f"{place}.norm2", self.block_eps), f"{place}.mlp", shape)
        tokens = self.norm(tokens, f"norm{number}", self.block_eps)
        return tokens.transpose(1, 2).unflatten(2, shape)

    def attention(self, tokens, place, shape, stage):
        heads, ratio = HEADS[stage], REDUCTIONS[stage]
        seen = tokens
        if ratio > 1:
            plane = tokens.transpose(1, 2).unflatten(2, shape)
            seen = self.convolution(plane, f"{place}.sr", stride=ratio).flatten(2).transpose(1, 2)
            seen = self.norm(seen, f"{place}.norm", self.embed_eps)
        query = self.linear(tokens, f"{place}.q").unflatten(2, (heads, -1)).transpose(1, 2)
        key, value = self.linear(seen, f"{place}.kv").unflatten(2, (2, heads, -1)).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        return self.linear((scores.softmax(3) @ value).transpose(1, 2).flatten(2), f"{place}.proj")

    def mlp(self, tokens, place, shape):
        hidden = self.linear(tokens, f"{place}.fc1").transpose(1, 2).unflatten(2, shape)
        hidden = self.convolution(hidden, f"{place}.dwconv.dwconv", padding=1, groups=hidden.shape[1])
        return self.linear(F.gelu(hidden.flatten(2).transpose(1, 2)), f"{place}.fc2")

    def norm(self, tokens, place, eps):
        return F.layer_norm(tokens, tokens.shape[2:], *self._both(place), eps)

    def linear(self, tokens, place):
        return F.linear(tokens, *self._both(place))

    def convolution(self, plane, place, **shape):
        return F.conv2d(plane, *self._both(place), **shape)

    def _both(self, place):
        return self.state[f"{place}.weight"], self.state[f"{place}.bias"]


@pytest.fixture(scope="module")
@torch.no_grad()
def stages(filled):
    """Input and output of every stage of timm's network, and the official weights."""
    backbone, official = filled
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 1e-3
    maps = backbone(images)
    return [images, *maps[:3]], maps, official


@pytest.mark.parametrize("stage", range(4))
def test_every_stage_computes_what_the_authors_describe(stages, stage):
    inputs, outputs, official = stages
    assert_close(Reference(official).stage(inputs[stage], stage), outputs[stage], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("eps", [{"block_eps": EMBED_EPS}, {"embed_eps": BLOCK_EPS}])
@pytest.mark.parametrize("stage", range(4))
def test_the_comparison_notices_another_epsilon(stages, stage, eps):
    inputs, outputs, official = stages
    with pytest.raises(AssertionError):
        assert_close(Reference(official, **eps).stage(inputs[stage], stage), outputs[stage], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("encoder", ["image_backbone", "maskige_backbone"])
def test_paths_are_dropped_more_often_the_later_they_come(encoder):
    """Linearly over all 52 blocks of PVT-v2-b5, from never to one time in ten, the same for attention and MLP."""
    network = getattr(network_without_memory(resolve_preset("combo_pvt", "s4")).siam_encoder, encoder).network
    for path in ("drop_path1", "drop_path2"):
        dropped = [getattr(module, path) for module in network.modules() if hasattr(module, path)]
        rates = [getattr(layer, "drop_prob", 0.0) for layer in dropped]
        assert rates == pytest.approx(torch.linspace(0, 0.1, 52).tolist(), abs=1e-7)
