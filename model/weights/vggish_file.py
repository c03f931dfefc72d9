"""Reads the AudioSet weights of VGGish."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from model.weights.errors import CheckpointError
from model.weights.foreign_file import ForeignWeights, read_weights
from model.weights.state_dict_mismatch import mismatch, shapes

VGGISH_FILE = "the published vggish-10086976.pth, AudioSet's VGGish for PyTorch"
"""What a user has to get; its name is part of the release."""


def read_vggish(path: Path, encoder: nn.Module) -> ForeignWeights:
    """The tensors of a frozen audio encoder, all of them and no others.

    Args:
        path: `VGGISH_FILE` or the same tensors as safetensors.
        encoder: the VGGish of a network; it stays as it is, and its tensors need no values.

    Raises:
        CheckpointError: the file is unreadable, or holds something else.
    """
    wanted = shapes(encoder)
    weights = read_weights(path).without_extras(wanted)
    if told := mismatch(weights.tensors, wanted):
        raise CheckpointError(
            f"{path} holds no weights of VGGish, pass {VGGISH_FILE}, as --vggish-weights FILE: {told}{weights.aside}"
        )
    return weights
