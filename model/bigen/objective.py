"""AVS-BiGen's training loss: segmentation of labelled frames, KL and consistency of the audio features of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from model.bigen.config import BigenConfig
from model.bigen.kl_loss import kl_loss
from model.bigen.network import Segmented
from model.bigen.segmentation_loss import SMOOTHING, cross_entropy, known_pixels, weighted_iou
from model.data.batch import Batch
from model.layers.audio_generation import consistency_loss
from model.precision import without_autocast


@dataclass(frozen=True)
class Supervised:
    """What a part of a batch is compared with.

    Attributes:
        annotated: (BT,) which frames have labels; on S4 the first of each clip, on MS3 all.
        labels: (annotated frames, H, W) class ids.
    """

    annotated: Tensor
    labels: Tensor


class BigenObjective:
    """See `model.interface.Objective`.

    Args:
        config: the trial.
    """

    def __init__(self, config: BigenConfig) -> None:
        self._loss, self._stages = config.loss, config.truths.kl_stages

    def supervise(self, batch: Batch, step: int) -> Supervised:  # noqa: ARG002
        """The labels as they are."""
        return Supervised(batch.annotated, batch.labels)

    def counts(self, parts: Sequence[Supervised]) -> Sequence[float]:
        """Pixels with a label, annotated frames, and all frames."""
        return (
            float(sum(known_pixels(part.labels).sum() for part in parts)),
            float(sum(len(part.labels) for part in parts)),
            float(sum(len(part.annotated) for part in parts)),
        )

    @without_autocast
    def losses(self, outputs: Segmented, supervision: Supervised, counts: Sequence[float]) -> dict[str, Tensor]:
        """`bce`, `iou` (structure loss only), `kl` and `consistency` (where audio features are generated).

        The KL loss is a sum over frames in the released code, so nothing divides it.
        """
        pixels, annotated, frames = counts
        logits = outputs.logits.float()
        labelled = logits[supervision.annotated, 0]
        structure = self._loss.segmentation == "structure"
        bce = cross_entropy(labelled, supervision.labels, SMOOTHING if structure else 0.0)
        losses = {"bce": bce / pixels}
        if structure:
            losses["iou"] = weighted_iou(labelled, supervision.labels) / annotated
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
