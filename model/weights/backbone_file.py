"""ImageNet weights of a backbone from a file, under anyone's names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from model.layers.backbones import Backbone
from model.weights.backbone_names import NAMINGS
from model.weights.errors import CheckpointError
from model.weights.foreign_file import read_weights
from model.weights.state_dict_mismatch import mismatch

HEAD = re.compile(r"(stem\.)?fc\.|head\.")
"""Classifiers; detectron2's converter of torchvision files moves theirs into the stem."""
COUNTER = "num_batches_tracked"
"""What batch normalisation counts while it trains; files have it or not, and nothing depends on it."""


def load_backbone_weights(backbone: Backbone, path: Path) -> tuple[str, ...]:
    """Fills a backbone strictly; only a classifier and what is no weight are left out.

    Args:
        backbone: of any norm that has the file's tensors.
        path: as `read_weights` reads it, with names of detectron2's ResNet, the authors' PVT-v2, torchvision or timm.

    Returns:
        What the user should know of how the weights lay in the file.

    Raises:
        CheckpointError: the file is unreadable, or not of this backbone.
    """
    weights = read_weights(path)
    tensors = {name: value for name, value in weights.tensors.items() if not name.endswith(COUNTER)}
    weights = replace(weights, tensors=tensors).without_extras(())
    state = {name: value for name, value in weights.tensors.items() if not HEAD.match(name)}
    own = {name: value for name, value in backbone.network.state_dict().items() if not name.endswith(COUNTER)}
    known = [naming for naming in NAMINGS if naming.covers(own)]
    naming = max(known, key=lambda candidate: sum(candidate.name(name) in state for name in own))
    if told := mismatch(state, {naming.name(name): tuple(value.shape) for name, value in own.items()}):
        titles = " or ".join(naming.title for naming in known)
        raise CheckpointError(
            f"{path} does not hold this backbone as {titles} would, name a file that does: {told}{weights.aside}"
        )
    # Not strict because of the counters; all else has just been compared.
    backbone.network.load_state_dict({name: state[naming.name(name)] for name in own}, strict=False)
    return weights.remarks
