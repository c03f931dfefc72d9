"""What a trial starts from: ImageNet weights, VGGish's AudioSet weights, and the best weights of another trial."""

from __future__ import annotations

import logging
from itertools import chain
from pathlib import Path

from model.config import TrialConfig
from model.interface import Network
from model.layers.backbones import Backbone
from model.weights.backbone_file import load_backbone_weights
from model.weights.errors import CheckpointError
from model.weights.stored_model import load_weights, model_named_in
from model.weights.vggish_file import read_vggish

log = logging.getLogger(__name__)


def load_initial_weights(
    model: Network,
    config: TrialConfig,
    vggish_weights: Path | None,
    backbone_weights: Path | None,
    initial_weights: Path | None,
) -> None:
    """Fills what the configuration says is not random. ImageNet weights without a file are timm's business.

    What was taken off the names in a file, or left out of it, is logged.

    Args:
        model: freshly built.
        config: its configuration.
        vggish_weights: `vggish-10086976.pth` or the same tensors as safetensors.
        backbone_weights: ImageNet weights of its backbones; both encoders get the same.
        initial_weights: checkpoint folder of the trial named in `config.initial_trial`.

    Raises:
        CheckpointError: weights that the configuration needs were not given, or do not fit.
    """
    if config.needs_vggish:
        if vggish_weights is None:
            instead = f", or train a small audio encoder with {config.TRAINED_AUDIO}" if config.TRAINED_AUDIO else ""
            raise CheckpointError(f"the frozen VGGish needs its AudioSet weights: pass --vggish-weights{instead}")
        _load_vggish(model, vggish_weights)
    if config.imagenet_backbone is not None and backbone_weights is not None:
        backbones = [module for module in model.modules() if isinstance(module, Backbone)]
        _tell(backbone_weights, *{load_backbone_weights(backbone, backbone_weights) for backbone in backbones})
    if config.initial_trial is not None:
        if initial_weights is None:
            raise CheckpointError(f"trial {config.initial_trial}, which this one starts from, is not finished")
        # That trial is finished, so running it again would not make them anew.
        remedy = f"restore it, or remove the folder of trial {config.initial_trial} to train that one again"
        if (other := model_named_in(initial_weights)) not in (None, config.model.name):
            raise CheckpointError(
                f"{initial_weights} holds weights of {other}, and a trial of {config.model.name} starts from those of "
                f"{config.model.name}: {remedy}"
            )
        load_weights(initial_weights, model, remedy)


def _load_vggish(model: Network, path: Path) -> None:
    encoder = model.frozen_audio_encoder
    assert encoder is not None  # the configuration asks for VGGish
    weights = read_vggish(path, encoder)
    encoder.load_state_dict(weights.tensors, strict=True)
    _tell(path, weights.remarks)


def _tell(path: Path, *remarks: tuple[str, ...]) -> None:
    """Each once, also where several backbones are filled from one file."""
    for remark in dict.fromkeys(chain.from_iterable(remarks)):
        log.warning("%s is read %s", path, remark)
