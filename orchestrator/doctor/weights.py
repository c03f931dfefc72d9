"""Are the weights there that the papers' experiments start from?"""

from __future__ import annotations

from pathlib import Path

from orchestrator.doctor.finding import Finding, fail, ok, warn

WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
"""What timm looks for in its cache, first to last."""


def look_at_backbone(name: str) -> Finding:
    """Whether timm has a backbone's ImageNet weights on this machine.

    Args:
        name: as timm calls it.
    """
    from huggingface_hub import try_to_load_from_cache
    from timm.models import get_pretrained_cfg

    repository = getattr(get_pretrained_cfg(name), "hf_hub_id", None)
    for file in WEIGHTS_FILES:
        if repository and isinstance(found := try_to_load_from_cache(repository, file), str):
            return ok(f"in {Path(found).parent}")
    cure = f"pass --backbone-weights {name}=FILE to combo run, or let timm fetch them where there is a network"
    return warn("not in timm's cache", f"{cure}; experiments at scales demo and smoke need none")


def look_at_vggish(path: Path | None) -> Finding:
    """Whether a file holds the AudioSet weights of VGGish.

    Args:
        path: as the user names it; None if there is none.
    """
    if path is None:
        cure = "name it with --vggish-weights, here as for combo run; experiments at scales demo and smoke need none"
        return warn("no file named", cure)
    from model.audio.vggish import VGGish
    from model.weights.errors import CheckpointError
    from model.weights.foreign_file import read_weights
    from model.weights.state_dict_mismatch import mismatch, shapes
    from model.weights.vggish_file import VGGISH_FILE

    wanted = shapes(VGGish())
    try:
        weights = read_weights(path).without_extras(wanted)
    except CheckpointError as error:
        return fail(str(error), f"name {VGGISH_FILE}")
    if told := mismatch(weights.tensors, wanted):
        return fail(f"{path} does not fit: {told}{weights.aside}", f"name {VGGISH_FILE}")
    return ok(f"{path}{weights.aside}")


def look_at_sam(path: Path | None) -> Finding:
    """Whether a file holds weights of SAM or MobileSAM.

    Args:
        path: as the user names it; None if there is none.
    """
    if path is None:
        cure = "name it with --sam-weights if Maskiges are to be made by SAM; Felzenszwalb's need none"
        return warn("no file named", cure)
    from model.proposals.sam_weights import read_weights
    from model.weights.errors import CheckpointError

    try:
        tensors = read_weights(path)
    except CheckpointError as error:
        return fail(str(error), "name a published file, such as sam_vit_h_4b8939.pth or mobile_sam.pt")
    if not any(name.startswith("mask_decoder.") for name in tensors):
        return fail(f"{path} holds no SAM", "name a published file, such as sam_vit_h_4b8939.pth or mobile_sam.pt")
    return ok(str(path))
