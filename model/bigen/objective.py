"""AVS-BiGen's training loss: segmentation of labelled frames, KL and consistency of the audio features of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from model.bigen.config import BigenConfig
from model.bigen.kl_loss import kl_loss
from model.bigen.network import Segmented
from model.bigen.segmentation_loss import SMOOTHING, cross_entropy, weighted_iou
from model.data.batch import Batch
from model.layers.audio_generation import consistency_loss
from model.precision import without_autocast
from model.transfers import places_of


@dataclass(frozen=True)
class Supervised:
    """What a part of a batch is compared with.

    Attributes:
        frames: BT.
        annotated: (F,) int64 which of them have labels, on S4 the first of each clip; None on MS3, where all have.
        labels: (F, H, W) class ids.
        pixels: of the labels that have a class.
    """

    frames: int
    annotated: Tensor | None
    labels: Tensor
    pixels: int


class BigenObjective:
    """See `model.interface.Objective`.

    Args:
        config: the trial.
    """

    def __init__(self, config: BigenConfig) -> None:
        self._loss, self._stages = config.loss, config.truths.kl_stages

    def supervise(self, batch: Batch, step: int) -> Supervised:  # noqa: ARG002
        """What the host knows of the labels, and the labels."""
        annotated = places_of(batch.annotated, batch.labels.device)
        return Supervised(len(batch.annotated), annotated, batch.labels, batch.known_pixels)

    def counts(self, parts: Sequence[Supervised]) -> Sequence[float]:
        """Pixels with a label, annotated frames, and all frames."""
        return (
            float(sum(part.pixels for part in parts)),
            float(sum(len(part.labels) for part in parts)),
            float(sum(part.frames for part in parts)),
        )

    @without_autocast
    def losses(self, outputs: Segmented, supervision: Supervised, counts: Sequence[float]) -> dict[str, Tensor]:
        """`bce`, `iou` (structure loss only), `kl` and `consistency` (where audio features are generated).

        The KL loss is a sum over frames in the released code, so nothing divides it.
        """
        pixels, annotated, frames = counts
        logits, labels = outputs.logits.float(), supervision.labels
        labelled = (logits if supervision.annotated is None else logits[supervision.annotated])[:, 0]
        structure, all_known = self._loss.segmentation == "structure", supervision.pixels == labels.numel()
        bce = cross_entropy(labelled, labels, SMOOTHING if structure else 0.0, all_known=all_known)
        losses = {"bce": bce / pixels}
        if structure:
            losses["iou"] = weighted_iou(labelled, labels) / annotated
        maps = [stage.float() for stage in outputs.fused]
        losses["kl"] = kl_loss(maps, outputs.audio.float(), logits, self._stages)
        if outputs.generated is not None:
            audio_features, generated = outputs.audio_features.float(), outputs.generated.float()
            losses["consistency"] = consistency_loss(audio_features, generated) / frames
        return losses

    def weighted_sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Segmentation, plus `lambda_kl` times KL, plus `eta` times consistency, each unless its weight is 0."""
        weights = {"kl": self._loss.lambda_kl, "consistency": self._loss.eta}
        weighted = [weights.get(name, 1.0) * loss for name, loss in losses.items() if weights.get(name, 1.0)]
        total = weighted[0]
        for loss in weighted[1:]:
            total = total + loss
        return total
