"""What every tensor of our network is called in the authors' state dict.

VGGish is in none of theirs: they read it from a file of its own. Sizes are free, and so are the switches of
`BigenTruths` but for the decoder's: the official form of such a model holds the same weights, but the authors' code
would compute something else with them.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from model.bigen.config import BigenConfig
from model.bigen.network import Bigen
from model.weights.backbone_names import OFFICIAL_PVT_V2, Naming
from model.weights.official_form import TPAVI, refuse_foreign
from model.weights.parameter_counts import part_of
from model.weights.renaming import Renames, rename

TORCHVISION_RESNET = Naming(
    "torchvision",
    [],
    r"(conv1|bn1|layer[1-4]\.\d+\.(conv[123]|bn[123]|downsample\.[01]))"
    r"\.(weight|bias|running_mean|running_var|num_batches_tracked)",
)
NECK: Renames = [
    (r"^levels\.(\d)\.(\d)\.", r"conv_list.\1.reduce.\2."),
    (r"^levels\.(\d)\.convolutions\.(\d)\.", r"conv_list.\1.conv2d_list.\2.conv."),
]
FUSED_MODULE: Renames = [
    (r"\breduce\.", "conv1.conv."),
    (r"\bcontext\.", "conv2.conv."),
    (r"\battention\.", "conv3.conv."),
]
MOTION: Renames = [(r"^gates\.", "")]
RESIDUAL_BLOCK: Renames = [(r"\bfirst\.", "ConvBNReLU1."), (r"\bsecond\.", "ConvBNReLU2.")]
DECODER: Renames = [
    *[(rf"^skips\.{i}\.", f"short_connect_with_decode_module.{i + 1}.resConfUnit1.") for i in range(3)],
    (r"^refinements\.(\d)\.", r"short_connect_with_decode_module.\1.resConfUnit2."),
    *RESIDUAL_BLOCK,
    (r"^head\.", "head_up_2.output_conv."),
]
MASK_ENCODER: Renames = [(r"^(\d)\.", r"\1.conv.")]
UNUSED: Renames = [
    (r"^audio_projection\.", "audio_neck."),
    (r"^decoder_block\.", "decoder.short_connect_with_decode_module.0.resConfUnit1."),
    *RESIDUAL_BLOCK,
]
OFFICIAL_PREFIXES = {
    "backbone": "encoder.",
    "neck": "neck.",
    "audio_projection": "audio_neck.",
    "fusion": "fusion_modules.",
    "motion": "corr_atten.",
    "decoder": "decoder.",
    "mask_encoder": "mask_encoder.",
    # Their spelling.
    "mask_decoder": "maksed_visual_to_audio.",
    "unused": "",
}
"""By part."""


def official_names(config: BigenConfig, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Official name of every tensor of ours but VGGish's.

    Args:
        config: of the network.
        names: of its state dict.

    Raises:
        CheckpointError: the authors' code has no such network.
    """
    listed = list(names)
    network = Bigen.parts["backbone"] + "network."
    renames: dict[str, Renames] = {
        "backbone": [(r"^network\.", ""), *_encoder_naming(config, listed, network).renames],
        "neck": NECK,
        "audio_projection": [],
        "fusion": TPAVI if config.model.fusion == "tpavi" else FUSED_MODULE,
        "motion": MOTION,
        "decoder": DECODER,
        "mask_encoder": MASK_ENCODER,
        "mask_decoder": [],
        "unused": UNUSED,
    }

    placed = [(name, part) for name in listed if (part := part_of(name, Bigen.parts)) in renames]
    return {
        name: (OFFICIAL_PREFIXES[part] + rename(name.removeprefix(Bigen.parts[part]), renames[part]),)
        for name, part in placed
    }


def official_extras(config: BigenConfig) -> dict[str, Tensor]:  # noqa: ARG001
    """The authors' state dict holds nothing that our network does not."""
    return {}


def _encoder_naming(config: BigenConfig, names: list[str], network: str) -> Naming:
    """The authors' names of the backbone, once sure that they can build all the rest."""
    inside = [name.removeprefix(network) for name in names if name.startswith(network)]
    naming = next((naming for naming in (TORCHVISION_RESNET, OFFICIAL_PVT_V2) if naming.covers(inside)), None)
    model = config.model
    foreign = {
        f"model.backbone.name={model.backbone.name}": naming is None,
        f"model.backbone.norm={model.backbone.norm}": model.backbone.norm != "native",
        f"model.audio_encoder.name={model.audio_encoder.name}": model.audio_encoder.name != "vggish",
        "model.fusion=none": model.fusion == "none",
        "model.motion=false": not model.motion,
        "model.generation=false": not model.generation,
        "truths.decoder=paper": config.truths.decoder == "paper",
    }
    refuse_foreign(foreign)
    assert naming is not None  # refused above
    return naming
