"""Building SAM and MobileSAM for given weights; the weights' shapes tell everything that sizes have in common."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from torch import Tensor, nn

from model.proposals.mobile_encoder import MobileEncoder, mobile_encoder_state
from model.weights.errors import CheckpointError
from model.weights.state_dict import is_extra
from model.weights.state_dict_mismatch import first_few, mismatch, printable, shapes

log = logging.getLogger(__name__)

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
DECODER_HEADS = 8
"""Attention heads of the mask decoder in every published size; no shape tells them."""
PATCH = 16
"""Pixels per side of one image embedding, in every size."""

State = Mapping[str, Tensor]


def build_network(name: str, state: State, source: Path) -> Any:
    """The network of the given weights, in evaluation mode.

    Args:
        name: sam (any size of the ViT) or mobile-sam.
        state: tensors by the names of SAM's authors.
        source: where they come from, for error messages.

    Returns:
        `segment_anything.modeling.Sam`, which carries no types.

    Raises:
        CheckpointError: the tensors are not those of such a network.
    """
    try:
        with torch.device("meta"):  # a wrong file must not decide how much memory is taken
            wanted = shapes(_network(name, state))
        own = mobile_encoder_state(state) if name == "mobile-sam" else state
        extras = [key for key in own if is_extra(key) and key not in wanted]
        fitting = {key: tensor for key, tensor in own.items() if key not in extras}
        if told := mismatch(fitting, wanted):
            raise CheckpointError(f"{source} does not fit {name} ({told}): name the published file")
        network = _network(name, state)
        network.load_state_dict(fitting, strict=True)
        if extras:
            log.warning("%s is read without what is no weight (%s)", source, first_few(extras))
    except KeyError as error:
        raise CheckpointError(f"{source} {_absent(str(error.args[0]), name, state)}") from None
    except CheckpointError:
        raise
    except (RuntimeError, IndexError, ValueError, TypeError, ArithmeticError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{source} does not fit {name} ({reason}): name the published file") from None
    return network.eval()


def _absent(wanted: str, name: str, state: State) -> str:
    """What is to be said of a file without a tensor that tells a width: other weights, or other names for them."""
    for key in state:
        if key.endswith(f".{wanted}"):
            prefix = printable(key.removesuffix(wanted))
            return f"has no tensor '{wanted}', but one with '{prefix}' before that: take it off all names"
    return f"has no tensor '{wanted}': these are not the weights of {name}"


def _network(name: str, state: State) -> Any:
    encoder = MobileEncoder(state) if name == "mobile-sam" else _vit(state)
    return Sam(encoder, _prompt_encoder(state, encoder.img_size), _mask_decoder(state), PIXEL_MEAN, PIXEL_STD)


def _vit(state: State) -> Any:
    """SAM's image encoder; blocks whose relative positions span the whole grid attend globally."""
    channels = state["image_encoder.patch_embed.proj.bias"].shape[0]
    grid = state["image_encoder.pos_embed"].shape[1]
    depth = _count(state, r"image_encoder\.blocks\.(\d+)\.")
    positions = [state[f"image_encoder.blocks.{block}.attn.rel_pos_h"] for block in range(depth)]
    spans = [(len(table) + 1) // 2 for table in positions]
    return ImageEncoderViT(
        img_size=grid * PATCH,
        patch_size=PATCH,
        embed_dim=channels,
        depth=depth,
        num_heads=channels // positions[0].shape[1],
        mlp_ratio=len(state["image_encoder.blocks.0.mlp.lin1.bias"]) / channels,
        out_chans=state["image_encoder.neck.0.weight"].shape[0],
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=min(spans),
        global_attn_indexes=[block for block, span in enumerate(spans) if span == grid],
    )


def _prompt_encoder(state: State, size: int) -> Any:
    grid = size // PATCH
    return PromptEncoder(
        embed_dim=state["prompt_encoder.no_mask_embed.weight"].shape[1],
        image_embedding_size=(grid, grid),
        input_image_size=(size, size),
        mask_in_chans=state["prompt_encoder.mask_downscaling.3.weight"].shape[0],
    )


def _mask_decoder(state: State) -> Any:
    channels = state["mask_decoder.mask_tokens.weight"].shape[1]
    transformer = TwoWayTransformer(
        depth=_count(state, r"mask_decoder\.transformer\.layers\.(\d+)\."),
        embedding_dim=channels,
        num_heads=DECODER_HEADS,
        mlp_dim=state["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0],
    )
    return MaskDecoder(
        transformer_dim=channels,
        transformer=transformer,
        num_multimask_outputs=state["mask_decoder.mask_tokens.weight"].shape[0] - 1,
        iou_head_depth=_count(state, r"mask_decoder\.iou_prediction_head\.layers\.(\d+)\."),
        iou_head_hidden_dim=state["mask_decoder.iou_prediction_head.layers.0.weight"].shape[0],
    )


def _count(state: State, pattern: str) -> int:
    """How many members a numbered list of modules has."""
    return len({found[1] for name in state if (found := re.match(pattern, name))})
