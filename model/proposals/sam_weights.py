"""Reading the weights of SAM and MobileSAM as users have them. Nothing in them is ever run."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from torch import Tensor

from model.weights import foreign_file
from model.weights.errors import CheckpointError
from model.weights.renaming import rename

log = logging.getLogger(__name__)

FOLDER_FILE = "model.safetensors"
"""What a Hugging Face folder holds."""

_FROM_HUGGING_FACE = (
    (r"^vision_encoder\.layers", "image_encoder.blocks"),
    (r"^vision_encoder", "image_encoder"),
    (r"patch_embed\.projection", "patch_embed.proj"),
    (r"neck\.conv1", "neck.0"),
    (r"neck\.layer_norm1", "neck.1"),
    (r"neck\.conv2", "neck.2"),
    (r"neck\.layer_norm2", "neck.3"),
    (r"mask_embed\.conv1", "mask_downscaling.0"),
    (r"mask_embed\.layer_norm1", "mask_downscaling.1"),
    (r"mask_embed\.conv2", "mask_downscaling.3"),
    (r"mask_embed\.layer_norm2", "mask_downscaling.4"),
    (r"mask_embed\.conv3", "mask_downscaling.6"),
    (r"upscale_conv1", "output_upscaling.0"),
    (r"upscale_layer_norm", "output_upscaling.1"),
    (r"upscale_conv2", "output_upscaling.3"),
    (
        r"^(prompt_encoder\.shared_embedding|shared_image_embedding)\.positional_embedding",
        "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
    ),
    (r"prompt_encoder\.point_embed\.", "prompt_encoder.point_embeddings."),
    (r"layer_norm_final_attn", "norm_final_attn"),
    (r"layer_norm(\d)", r"norm\1"),
)
_HEAD_LAYER = re.compile(r"(iou_prediction_head|output_hypernetworks_mlps\.\d+)\.(proj_in|layers\.0|proj_out)\.")
_HEAD_LAYERS = {"proj_in": "layers.0", "layers.0": "layers.1", "proj_out": "layers.2"}


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by the names of SAM's authors. What was taken off the names in a file is logged.

    Args:
        path: a published file (`sam_vit_h_4b8939.pth`, `mobile_sam.pt`), the same tensors in any other file that
            `foreign_file.read_weights` reads, or a Hugging Face folder with `model.safetensors`.

    Raises:
        CheckpointError: nothing is there, it is damaged, or it is no file of weights.
    """
    weights = foreign_file.read_weights(weights_file(path))
    state = weights.tensors
    for remark in weights.remarks:
        log.warning("%s is read %s", weights.path, remark)
    if any(name.startswith("vision_encoder.") for name in state):
        return {_official_name(name): tensor for name, tensor in state.items()}
    return state


def weights_file(path: Path) -> Path:
    """The file with the tensors: the path itself, or the one in a Hugging Face folder.

    Raises:
        CheckpointError: nothing is there.
    """
    file = path / FOLDER_FILE if path.is_dir() else path
    if not file.is_file():
        raise CheckpointError(f"{file} is missing: name the weights file, or a folder with {FOLDER_FILE}")
    return file


def _official_name(name: str) -> str:
    """SAM's own name of a tensor of transformers' `SamModel`."""
    name = _HEAD_LAYER.sub(lambda found: f"{found[1]}.{_HEAD_LAYERS[found[2]]}.", name)
    return rename(name, _FROM_HUGGING_FACE)
