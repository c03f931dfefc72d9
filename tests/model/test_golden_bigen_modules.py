"""AVS-BiGen's modules and losses against the authors' outputs, at the tolerances of the golden index."""

from dataclasses import replace

import pytest
import torch
from contract import SIZE, small_config
from golden import load, vectors
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from model.bigen.correlation_attention import CorrelationAttention
from model.bigen.decoder import Decoder, ResidualBlock
from model.bigen.fused_module import FusedModule
from model.bigen.kl_loss import kl_loss
from model.bigen.neck import aspp_level, basic_level
from model.bigen.network import Bigen
from model.bigen.official_names import DECODER, FUSED_MODULE, RESIDUAL_BLOCK
from model.bigen.segmentation_loss import SMOOTHING, cross_entropy, edge_weights, weighted_iou
from model.bigen.unit_length import unit_length
from model.data.batch import unlabelled
from model.layers.audio_generation import AudioGeneration, consistency_loss
from model.weights.official_form import TPAVI as TPAVI_NAMES
from model.weights.renaming import rename

CLOSE = {"atol": 1e-5, "rtol": 1e-4}


def test_fused_module():
    g = vectors("bigen_avcorr")
    module = FusedModule(16, "official")
    load(module, g, "w/", FUSED_MODULE)
    visual, audio = unit_length(g["visual"]), unit_length(g["audio"])
    assert_close(visual, g["visual_l2"], **CLOSE)
    assert_close(audio, g["audio_l2"], **CLOSE)
    assert_close(visual * audio[:, :, None, None], g["corr"], **CLOSE)
    raised = module(visual, audio)
    assert_close(raised, g["visual_out"], **CLOSE)
    assert_close(raised / visual - 1, g["atten"].expand_as(raised), atol=1e-4, rtol=1e-4)
    assert_close(audio.unflatten(0, (2, 5)).transpose(1, 2), g["audio_out"], **CLOSE)


class Gives(nn.Module):
    """In the place of a part of a network: gives the same, whatever comes in."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, *_):
        return self.output


def test_tpavi_in_the_place_of_the_fused_module():
    g = vectors("bigen_tpavi_variant")
    network = Bigen(small_config("bigen", model__fusion="tpavi", model__motion=False)).eval()
    counter = {"w/W_z.1.num_batches_tracked": torch.tensor(0)}
    for stage in network.fusion:
        load(stage, g | counter, "w/", TPAVI_NAMES)
    network.neck, network.decoder = Gives([g["visual"]] * 4), Gives(None)
    batch = replace(unlabelled(torch.zeros(10, 3, SIZE, SIZE), None, g["audio"]), clip_lengths=torch.tensor([5, 5]))
    outputs = network(batch)
    for maps in outputs.fused:
        assert_close(maps, g["out"], **CLOSE)
    assert_close(outputs.audio.unflatten(0, (2, 5)).transpose(1, 2), g["audio_out"], **CLOSE)


def test_correlation_attention():
    g = vectors("bigen_corr_attention")
    module = CorrelationAttention(4)
    with torch.no_grad():
        for stage, gate in enumerate(module.gates):
            gate.weight.fill_(g["corr_w"][stage])
            gate.bias.fill_(g["corr_b"][stage])
    raised = module([g[f"in{stage}"] for stage in range(4)], [5, 5])
    for stage, maps in enumerate(raised):
        assert_close(maps, g[f"out{stage}"], **CLOSE)


def test_necks():
    g = vectors("bigen_neck_decoder")
    basic, aspp = basic_level(6, 8).eval(), aspp_level(6, 8)
    load(basic, with_counters(g, basic, "neck/reduce."), "neck/reduce.", [])
    load(aspp, g, "aspp/", [(r"^convolutions\.(\d)\.", r"conv2d_list.\1.conv.")])
    assert_close(basic(g["xin"]), g["neck_out"], **CLOSE)
    assert_close(aspp(g["xin"]), g["aspp_out"], **CLOSE)


def test_decoder():
    g = vectors("bigen_neck_decoder")
    decoder = nn.ModuleDict({"used": Decoder(8, 4), "unused": ResidualBlock(8)}).eval()
    unused = "short_connect_with_decode_module.0.resConfUnit1."
    renames = [(r"^used\.", ""), (r"^unused\.", unused), *DECODER, *RESIDUAL_BLOCK]
    load(decoder, with_counters(g, decoder, "dec/", renames), "dec/", renames)
    assert_close(decoder["used"]([g[f"f{stage}"] for stage in (1, 2, 3, 4)]), g["pred"], **CLOSE)


@pytest.fixture(scope="module")
def stage_4():
    """The coarsest stage of two clips through fused module, correlation attention and projection."""
    g = vectors("bigen_v2a")
    network = nn.ModuleDict(
        {
            "fusion": FusedModule(128, "official"),
            "motion": CorrelationAttention(1),
            "generation": AudioGeneration(128, 128, 49),
        }
    )
    renames = [
        (r"^fusion\.", "fusion_modules.3."),
        *FUSED_MODULE,
        (r"^motion\.gates\.0\.", "corr_atten.3."),
        (r"^generation\.mask_encoder\.(\d)\.", r"mask_encoder.\1.conv."),
        (r"^generation\.mask_decoder\.", "maksed_visual_to_audio."),
    ]
    load(network, g, "w/", renames)
    return g, network


@pytest.mark.parametrize("task", ["S4", "MS3"])
def test_visual_to_audio_projection_and_its_gradients(task, stage_4):
    g, network = stage_4
    maps, logits = g["f4"].clone().requires_grad_(), g["logits"].clone().requires_grad_()
    audio = unit_length(g["audio"])
    fused = network["fusion"](unit_length(maps), audio)
    assert_close(fused, g["fused4"], **CLOSE)
    (moving,) = network["motion"]([fused], [5, 5])
    assert_close(moving, g["corr4"], **CLOSE)
    mask = logits if task == "S4" else g["gt5"] + 0 * logits
    assert_close(F.adaptive_avg_pool2d(mask, 7), g[f"{task}_mask7"], **CLOSE)
    masked = moving * g[f"{task}_mask7"]
    assert_close(network["generation"].mask_encoder(masked)[:2], g[f"{task}_mask_enc"], **CLOSE)
    generated = network["generation"](moving, mask)
    assert_close(generated, g[f"{task}_gen_audio"], **CLOSE)
    loss = consistency_loss(g["audio"], generated) / 10
    assert_close(loss, g[f"{task}_latent"], **CLOSE)
    gradients = torch.autograd.grad(loss, (logits, maps))
    assert_close(gradients[0], g[f"{task}_grad_logits"], **CLOSE)
    assert_close(gradients[1], g[f"{task}_grad_f4"], **CLOSE)


@pytest.mark.parametrize(("task", "labels", "frames"), [("s4", "gt1", slice(0, None, 5)), ("ms3", "gt5", slice(None))])
def test_structure_loss_and_its_gradient(task, labels, frames):
    g = vectors("losses_bigen")
    logits, truth = g["logits"].requires_grad_(), g[labels][:, 0].long()
    shown = logits[frames, 0]
    bce = cross_entropy(shown, truth, SMOOTHING, all_known=True) / truth.numel()
    iou = weighted_iou(shown, truth) / len(truth)
    assert_close(bce + iou, g[f"{task}_structure"], **CLOSE)
    assert_close(torch.autograd.grad(bce + iou, logits)[0], g[f"{task}_structure_grad"], **CLOSE)
    if task == "ms3":
        assert_close(edge_weights(g["gt5"][:, 0]), g["weight_map"][:, 0], **CLOSE)
        assert_close(bce, g["ms3_bce_part"], **CLOSE)
        assert_close(iou, g["ms3_wiou_part"], **CLOSE)


def test_kl_loss_and_its_gradient():
    g = vectors("losses_bigen")
    logits = g["logits"].requires_grad_()
    maps = [g[f"v{stage}"] for stage in range(4)]
    # The four stages have sounds of their own in the vectors; in the network they are one and the same.
    sounds = [g[f"a{stage}"].transpose(1, 2).flatten(0, 1) for stage in range(4)]
    loss = torch.stack(
        [kl_loss([stage], sound, logits, "official") for stage, sound in zip(maps, sounds, strict=True)]
    ).mean()
    assert_close(loss, g["kl"], **CLOSE)
    assert_close(torch.autograd.grad(loss, logits)[0], g["kl_grad"], **CLOSE)


def with_counters(stored, module, prefix, renames=()):
    """The vectors with what batch normalisation counts, which they leave out."""
    counters = {name: value for name, value in module.state_dict().items() if name.endswith("num_batches_tracked")}
    return stored | {prefix + rename(name, renames): value for name, value in counters.items()}
