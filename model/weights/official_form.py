"""What the official forms of several models have in common."""

from __future__ import annotations

from collections.abc import Mapping

from model.config import PretrainedTrialConfig
from model.weights.errors import CheckpointError
from model.weights.renaming import Renames

TPAVI: Renames = [
    (r"\balign\.", "align_channel."),
    (r"\boutput\.", "W_z.0."),
    (r"\boutput_scale\.", "W_z.1."),
    (r"\boutput_norm\.", "norm_layer."),
]
"""Tensors of `model.layers.tpavi`, as AVSBench and AVS-BiGen name them."""


def refuse_foreign(settings: Mapping[str, bool]) -> None:
    """Refuses a network that the authors' code cannot build.

    Args:
        settings: such as `model.motion=false`, and whether that is what their code cannot do.

    Raises:
        CheckpointError: it cannot do some of them, which are named.
    """
    foreign = [setting for setting, is_foreign in settings.items() if is_foreign]
    if foreign:
        told = ", ".join(foreign)
        raise CheckpointError(f"the authors' code cannot build this network, so it has no official form: change {told}")


def paper_truths(config: PretrainedTrialConfig) -> list[str]:
    """Switches that are not as in the authors' code, such as `truths.lada_chunk=paper`."""
    return [f"truths.{name}={value}" for name, value in config.truths if value != "official"]
