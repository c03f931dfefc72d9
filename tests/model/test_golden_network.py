"""COMBO's modules against the authors' outputs, at the tolerances of the golden index."""

import pytest
import torch
from golden import load, vectors
from torch.testing import assert_close

from model.combo.bilateral_fusion import BilateralFusion
from model.combo.config import FusionConfig, PixelDecoderConfig, QueryDecoderConfig
from model.combo.inference import class_scores
from model.combo.official_names import (
    BILATERAL_FUSION,
    CHANNEL_WEIGHT,
    DEFORMABLE_ATTENTION,
    ONE_SIDED_FUSION,
    PIXEL_DECODER,
    QUERY_DECODER,
)
from model.combo.pixel_decoder import PixelDecoder
from model.combo.query_decoder import (
    CrossAttentionLayer,
    FeedForwardLayer,
    Prediction,
    QueryDecoder,
    SelfAttentionLayer,
)
from model.combo.siam_encoder import ChannelWeight
from model.layers.deformable.attention import DeformableAttention
from model.layers.deformable.gather import gather_sample
from model.layers.deformable.plain import plain_sample
from model.layers.position_encoding import sine_encoding
from model.numerics import FAST_1, PLAIN

DECODER_TOKENS = ("tgt", "memory", "pos", "query_pos", "after_cross", "after_self", "after_ffn")
"""Arrays that the authors' decoder keeps with the tokens before the batch."""


def shapes_of(stored):
    return [tuple(shape) for shape in stored["spatial_shapes"].tolist()]


@pytest.mark.parametrize("sample", [plain_sample, gather_sample])
def test_deformable_sampling_and_its_gradients(sample):
    g = vectors("msdeform_op")
    inputs = [g[name].requires_grad_() for name in ("value", "sampling_locations", "attention_weights")]
    output = sample(inputs[0], shapes_of(g), inputs[1], inputs[2])
    assert_close(output, g["output"], rtol=1e-4, atol=1e-5)
    gradients = torch.autograd.grad(output, inputs, g["cotangent"])
    for gradient, name in zip(gradients, ("value", "sampling_locations", "attention_weights"), strict=True):
        assert_close(gradient, g[f"grad_{name}"], rtol=1e-4, atol=1e-5)


def test_deformable_attention_module_and_initial_offsets():
    g = vectors("msdeform_module")
    module = DeformableAttention(width=32, heads=4, levels=3, points=4)
    assert_close(module.sampling_offsets.bias.detach(), g["init_sampling_offsets_bias"], rtol=1e-4, atol=1e-5)
    load(module, g, "w.", DEFORMABLE_ATTENTION)
    reference = g["reference_points"]
    assert (reference == reference[:, :, :1]).all(), "the module takes one reference for all levels"
    output = module(g["query"], reference[:, :, 0], g["input_flatten"], shapes_of(g))
    assert_close(output, g["output"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "channels"), [("pe16_5x7", 16), ("pe256_7x7", 256), ("pe128_bfm_4x4", 128)])
def test_sine_encoding(name, channels):
    expected = vectors("sine_pe")[name]
    code = sine_encoding(*expected.shape[2:], channels, torch.device("cpu"))
    assert_close(code, expected, rtol=0, atol=2e-5)


def test_channel_weight():
    g = vectors("sem_block")
    block = ChannelWeight(64, reduction=16, truth="official")
    load(block, g, "w.", CHANNEL_WEIGHT)
    assert_close(block(g["f_visual"], g["f_maskige"]), g["fused"], rtol=1e-4, atol=1e-5)


def test_pixel_decoder():
    g = vectors("pixel_decoder")
    decoder = PixelDecoder([16, 24, 32, 40], 64, PixelDecoderConfig(layers=1, heads=8, ffn_width=96))
    load(decoder, g, "w.", PIXEL_DECODER)
    features = decoder([g[f"res{i}"] for i in (2, 3, 4, 5)])
    assert_close(features.mask_features, g["mask_features"], rtol=1e-3, atol=1e-4)
    for level, memory in enumerate(features.memory):
        assert_close(memory, g[f"ms{level}"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("official", "mode", "weights", "renames"),
    [
        ("MHA-B", "bilateral", "MHA-B", BILATERAL_FUSION),
        ("MHA-S", "visual", "MHA-S", ONE_SIDED_FUSION),
        ("MHA-S-Audio", "audio", "MHA-B", BILATERAL_FUSION),
        ("MHA-None", "none", "MHA-None", []),
    ],
)
def test_bilateral_fusion_modes(official, mode, weights, renames):
    g = vectors("bfm_modes")
    fusion = BilateralFusion(64, 32, FusionConfig(mode=mode), "official", "official").eval()
    load(fusion, g, f"{weights}.w.", renames or BILATERAL_FUSION)
    visual, audio = g["visual"].requires_grad_(), g["audio"].requires_grad_()
    out_visual, out_audio = fusion(visual, audio)
    assert_close(out_visual, g[f"{official}.out_visual"], rtol=1e-3, atol=1e-5)
    assert_close(out_audio, g[f"{official}.out_audio"], rtol=1e-3, atol=1e-5)
    objective = (out_visual * g["cot_visual"]).sum() + (out_audio * g["cot_audio"]).sum()
    gradients = torch.autograd.grad(objective, (visual, audio))
    assert_close(gradients[0], g[f"{official}.grad_visual"], rtol=1e-3, atol=1e-5)
    assert_close(gradients[1], g[f"{official}.grad_audio"], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("numerics", [PLAIN, FAST_1], ids=["plain", "fast_1"])
@pytest.mark.parametrize("mode", ["add", "all", "none"])
def test_query_decoder(mode, numerics):
    g = vectors("decoder_full")
    config = QueryDecoderConfig(queries=8, query_mode=mode, layers=9, heads=4, ffn_width=48)
    decoder = QueryDecoder(32, 2, 3, config, "official", numerics)
    load(decoder, g, "w.", QUERY_DECODER)
    assert_close(decoder.initial_queries(g["audio"]).transpose(0, 1), g[f"{mode}.init_queries"], rtol=1e-4, atol=1e-5)
    predictions = decoder([g["ms0"], g["ms1"], g["ms2"]], g["mask_features"], g["audio"])
    assert len(predictions) == 10
    assert_close(predictions[-1].class_logits, g[f"{mode}.pred_logits"], rtol=1e-3, atol=1e-4)
    assert_close(predictions[-1].mask_logits, g[f"{mode}.pred_masks"], rtol=1e-3, atol=1e-4)
    if mode == "add":
        for i in range(9):
            assert_close(predictions[i].class_logits, g[f"add.aux{i}_logits"], rtol=1e-3, atol=1e-4)
        for i in (0, 1, 4, 8):
            assert_close(predictions[i].mask_logits, g[f"add.aux{i}_masks"], rtol=1e-3, atol=1e-4)


def test_query_decoder_layers():
    g = {
        key: value.transpose(0, 1) if key in DECODER_TOKENS else value
        for key, value in vectors("decoder_layers").items()
    }
    cross, own, forward = CrossAttentionLayer(32, 4), SelfAttentionLayer(32, 4), FeedForwardLayer(32, 48)
    for layer, prefix, attention in ((cross, "ca.", "multihead_attn"), (own, "sa.", "self_attn"), (forward, "ff.", "")):
        load(layer, g, prefix, [(r"^attention\.", f"{attention}.")])
    decoder = QueryDecoder(32, 2, 3, QueryDecoderConfig(queries=8, heads=4, layers=1), audio_expand="official")
    logits = torch.where(g["mask_true_is_blocked"], -1.0, 1.0).unflatten(2, (3, 4))
    blocked = decoder._blocked(logits, (3, 4))
    assert torch.equal(blocked.repeat_interleave(4, dim=0), g["mask_used"])
    after_cross = cross(g["tgt"], g["query_pos"], g["memory"], g["pos"], blocked)
    assert_close(after_cross, g["after_cross"], rtol=1e-4, atol=1e-5)
    after_self = own(g["after_cross"], g["query_pos"])
    assert_close(after_self, g["after_self"], rtol=1e-4, atol=1e-5)
    assert_close(forward(g["after_self"]), g["after_ffn"], rtol=1e-4, atol=1e-5)


def test_paper_audio_expand_gives_each_query_its_own_frame():
    config = QueryDecoderConfig(queries=6, query_mode="all", layers=1, heads=4, ffn_width=8)
    audio = torch.arange(5.0)[:, None, None].expand(5, 1, 32)
    heard = QueryDecoder(32, 2, 3, config, audio_expand="paper").initial_queries(audio)
    assert (heard == audio).all()
    mixed = QueryDecoder(32, 2, 3, config, audio_expand="official").initial_queries(audio)
    assert not (mixed == audio).all()


def test_semantic_inference():
    g = vectors("semantic_inference")
    scores = class_scores(Prediction(g["pred_logits"], g["pred_masks"]), (56, 56))
    assert_close(scores, g["semseg"], rtol=1e-4, atol=1e-5)
    assert_close(scores.softmax(1)[:, 1], g["s4_prob"], rtol=1e-4, atol=1e-5)
