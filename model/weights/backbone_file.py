"""ImageNet weights of a backbone from a file, under anyone's names."""

from __future__ import annotations

import re
from pathlib import Path

from model.layers.backbones import Backbone
from model.weights.backbone_names import NAMINGS
from model.weights.errors import CheckpointError
from model.weights.foreign_file import read_tensors
from model.weights.misfit import misfit

HEAD = re.compile(r"(stem\.)?fc\.|head\.")
"""Classifiers; detectron2's converter of torchvision files moves theirs into the stem."""
COUNTER = "num_batches_tracked"
"""What batch normalisation counts while it trains; files have it or not, and nothing depends on it."""


def load_backbone_weights(backbone: Backbone, path: Path) -> None:
    """Fills a backbone strictly; only a classifier and counters of batch normalisation are left out.

    Args:
        backbone: of any norm that has the file's tensors.
        path: as `read_tensors` reads it, with names of detectron2's ResNet, the authors' PVT-v2, torchvision or timm.

    Raises:
        CheckpointError: the file is unreadable, or not of this backbone.
    """
    state = {
        name: value for name, value in read_tensors(path).items() if not HEAD.match(name) and not name.endswith(COUNTER)
    }
    own = {name: value for name, value in backbone.network.state_dict().items() if not name.endswith(COUNTER)}
    known = [naming for naming in NAMINGS if naming.covers(own)]
    naming = max(known, key=lambda candidate: sum(candidate.name(name) in state for name in own))
    if told := misfit(state, {naming.name(name): tuple(value.shape) for name, value in own.items()}):
        titles = " or ".join(naming.title for naming in known)
        raise CheckpointError(f"{path} does not hold this backbone as {titles} would, name a file that does: {told}")
    # Not strict because of the counters; all else has just been compared.
    backbone.network.load_state_dict({name: state[naming.name(name)] for name in own}, strict=False)
