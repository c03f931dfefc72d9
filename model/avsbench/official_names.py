"""What every tensor of our network is called in the authors' state dict.

Sizes are free, and so are the switches of `Truths` that change no tensor. The authors keep VGGish in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from model.avsbench.config import AVSBenchConfig
from model.avsbench.network import AVSBenchNetwork
from model.weights import official_form
from model.weights.backbone_names import OFFICIAL_PVT_V2, official_naming
from model.weights.parameter_counts import part_of
from model.weights.renaming import Renames, rename

NETWORK = "network."
"""Where a backbone's tensors are within its part."""
PVT: Renames = [(rf"^{NETWORK}", ""), *OFFICIAL_PVT_V2.renames, (r"^", "encoder_backbone.")]
RESNET: Renames = [(rf"^{NETWORK}", "resnet."), (r"^resnet\.(layer[34])\.", r"resnet.\1_1.")]
UNEXECUTED_STAGES: Renames = [(r"^(layer\d)\.", r"resnet.\1_2.")]
NECK: Renames = [
    *[(rf"^{stage}\.", f"conv{stage + 1}.") for stage in range(4)],
    (r"\bconvolutions\.", "conv2d_list."),
]
TPAVI: Renames = [
    (r"^(\d)\.", r"tpavi_b\1."),
    *official_form.TPAVI,
]
DECODER: Renames = [
    *[(rf"^levels\.{stage}\.", f"path{stage + 1}.") for stage in range(4)],
    (r"\bstage_unit\.", "resConfUnit1."),
    (r"\boutput_unit\.", "resConfUnit2."),
    (r"\bfirst\.", "conv1."),
    (r"\bsecond\.", "conv2."),
]
HEAD: Renames = [(r"^", "output_conv.")]


def official_names(config: AVSBenchConfig, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Official name of every tensor of ours but VGGish's.

    Args:
        config: of the network.
        names: of its state dict.

    Raises:
        CheckpointError: the authors' code has no such network.
    """
    inside: dict[str, dict[str, str]] = {part: {} for part in AVSBenchNetwork.parts}
    for name in names:
        part = part_of(name, AVSBenchNetwork.parts)
        inside[part][name] = name.removeprefix(AVSBenchNetwork.parts[part])
    renames = _renames(config, inside["backbone"].values())
    return {ours: (rename(name, renames[part]),) for part in renames for ours, name in inside[part].items()}


def no_extras(config: AVSBenchConfig) -> dict[str, Tensor]:  # noqa: ARG001 - of any network
    """The authors' state dict holds nothing that our network does not."""
    return {}


def _renames(config: AVSBenchConfig, backbone: Iterable[str]) -> Mapping[str, Renames]:
    """By part, once sure that the authors' code can build them all."""
    naming = official_naming(name.removeprefix(NETWORK) for name in backbone)
    model, truths = config.model, config.truths
    foreign = {
        f"model.backbone.name={model.backbone.name}": naming is None,
        f"model.backbone.norm={model.backbone.norm}": model.backbone.norm != "native",
        f"model.audio_encoder.name={model.audio_encoder.name}": model.audio_encoder.name != "vggish",
        "truths.tpavi_norm=paper": bool(model.tpavi.stages) and truths.tpavi_norm == "paper",
        "truths.unexecuted_layers=paper": truths.unexecuted_layers == "paper",
        "model.generation=true": model.generation,
    }
    official_form.refuse_foreign(foreign)
    return {
        "backbone": PVT if naming is OFFICIAL_PVT_V2 else RESNET,
        "unexecuted_stages": UNEXECUTED_STAGES,
        "neck": NECK,
        "tpavi": TPAVI,
        "decoder": DECODER,
        "head": HEAD,
    }
