"""The rules of a protocol in words."""

from __future__ import annotations

from experiments.records import ProtocolRecord

_BACKGROUND = (
    "a frame without an object scores in M_J the share of its pixels that are left as background, "
    "and does not count in M_F"
)
_WITHOUT_OBJECTS = {
    "J: share of background pixels predicted background; F: frame skipped": _BACKGROUND,
    "J: share of background pixels predicted background; F: frame skipped, clip of empty frames is 0": (
        f"{_BACKGROUND}; a clip without any object scores 0 in M_F"
    ),
    "J: share of background pixels predicted background; F: frame skipped, batch of empty frames is 0": (
        f"{_BACKGROUND}; a batch without any object scores 0 in M_F"
    ),
    "a class counts in frames where it is predicted or present; classes never seen score 0": (
        "a class counts in the frames where it is predicted or present; a class that never occurs scores 0"
    ),
}
"""What results store of frames without an object, which is part of a protocol and never changes, in plain words."""


def rules_in_words(protocol: ProtocolRecord) -> str:
    """How the scores of a protocol are computed, as a phrase."""
    places = protocol.f_pooling.replace("_", " and ")
    chosen = f"threshold chosen per {places} among {protocol.thresholds}"
    f_score = chosen if protocol.thresholds > 1 else f"per {places}, without a threshold"
    stored = protocol.empty_mask_rule
    empty = _WITHOUT_OBJECTS.get(stored, f"masks without an object: {stored}")
    return f"F-score {f_score}, β² = {protocol.beta_squared:g}; {empty}"
