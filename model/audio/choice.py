"""The audio encoders that a model can be configured with."""

from __future__ import annotations

from typing import Literal

from model.audio.compact import CompactAudioEncoder
from model.audio.encoder import AudioEncoder
from model.audio.vggish import VGGish


def build_audio_encoder(name: Literal["vggish", "compact"], width: int) -> AudioEncoder:
    """The frozen VGGish, whose width is fixed, or a compact encoder of that width, which is trained."""
    return VGGish() if name == "vggish" else CompactAudioEncoder(width)
