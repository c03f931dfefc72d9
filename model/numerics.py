"""Faster arithmetic that rounds differently: what each version of `training.numerics` does.

A version never changes once trials have it, as their keys name it; what is found later makes another version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model.config import NumericsVersion, TrialConfig


@dataclass(frozen=True)
class Numerics:
    """Which parts of a step are computed otherwise than by the first trials. None gives the same bits.

    Attributes:
        one_pass_norm: frozen batch normalisation is one operation, and what it gives is as precise as what it gets. It
            is fp32 otherwise, and with it all that follows up to the next convolution.
        half_pixel_decoder: where the network is in half precision, so is COMBO's pixel decoder (bf16), but for the
            places at which it samples. It is in fp32 otherwise.
        shared_mask: heads of masked attention read one mask. Each has a copy otherwise.
        fused_optimizer: one operation updates all parameters.
        channels_last: pictures lie in memory pixel by pixel.
        tf32: products of fp32 matrices in the network are rounded to TF32, where a GPU has it. They are in fp32
            otherwise; convolutions are as PyTorch has them, which is TF32 in both cases.
    """

    one_pass_norm: bool = False
    half_pixel_decoder: bool = False
    shared_mask: bool = False
    fused_optimizer: bool = False
    channels_last: bool = False
    tf32: bool = False


PLAIN = Numerics()
FAST_1 = Numerics(
    one_pass_norm=True,
    half_pixel_decoder=True,
    shared_mask=True,
    fused_optimizer=True,
    channels_last=True,
    tf32=True,
)
VERSIONS: Mapping[NumericsVersion, Numerics] = {"plain": PLAIN, "fast_1": FAST_1}


def numerics_of(config: TrialConfig) -> Numerics:
    """What a trial asks for."""
    return VERSIONS[config.training.numerics]
