"""The AVSBench baseline's training loss (AVSBench section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.avsbench.config import AVSBenchConfig
from model.avsbench.mapping_loss import mapping_distances
from model.avsbench.network import Segmentation
from model.config import IGNORED
from model.data.batch import Batch
from model.layers.audio_generation import consistency_loss
from model.transfers import places_of


@dataclass(frozen=True)
class Supervision:
    """What is known of a part of a batch.

    Attributes:
        frames: BT.
        annotated: int64 (F,) which of them have labels; None where all have.
        labels: int64 (F, H, W) class ids, 255 = ignore.
        pixels: of the labels that have a class.
        share: of the clips of the whole batch.
    """

    frames: int
    annotated: Tensor | None
    labels: Tensor
    pixels: int
    share: float

    def of_annotated(self, values: Tensor) -> Tensor:
        """Rows (F, ...) of those of all frames, (BT, ...)."""
        return values if self.annotated is None else values[self.annotated]


class AVSBenchObjective:
    """See `model.interface.Objective`: cross entropy per pixel, binary on S4 and MS3, mapping and consistency.

    Args:
        config: the trial.
    """

    def __init__(self, config: AVSBenchConfig) -> None:
        self._loss = config.loss
        self._truth = config.truths.avm_reduce
        self._is_avss, self._clips = config.data.task == "avss", config.training.batch

    def supervise(self, batch: Batch, step: int) -> Supervision:  # noqa: ARG002 - nothing is drawn at random
        """What the host knows of the labels, and the labels."""
        annotated = places_of(batch.annotated, batch.labels.device)
        share = len(batch.names) / self._clips
        return Supervision(len(batch.annotated), annotated, batch.labels, batch.known_pixels, share)

    def counts(self, parts: Sequence[Supervision]) -> Sequence[float]:
        """Labelled pixels, frames of the mapping loss, and the share of the batch.

        On S4 and MS3 the mapping loss looks at all frames, on AVSS at those with labels. The share is 1 for a whole
        batch. Divided by it, sums over the frames of a part come to their sum over the batch.
        """
        pixels = sum(part.pixels for part in parts)
        mapped = sum(len(part.labels) if self._is_avss else part.frames for part in parts)
        return (float(pixels), float(mapped), sum(part.share for part in parts))

    def losses(self, outputs: Segmentation, supervision: Supervision, counts: Sequence[float]) -> dict[str, Tensor]:
        """`bce` or, on AVSS, `ce`; `avm` if it weighs anything; `consistency` where audio features are generated."""
        pixels, mapped, share = counts
        logits = outputs.logits.float()
        labelled = supervision.of_annotated(logits)
        if self._is_avss:
            entropy = F.cross_entropy(labelled, supervision.labels, ignore_index=IGNORED, reduction="sum")
            losses = {"ce": entropy / pixels}
        else:
            all_known = supervision.pixels == supervision.labels.numel()
            entropy = _binary_cross_entropy(labelled[:, 0], supervision.labels, all_known=all_known)
            losses = {"bce": entropy / pixels}
        if self._loss.lambda_avm:
            stages = zip(outputs.maps, outputs.sound, strict=True)
            distances = [mapping_distances(logits, maps.float(), sound.float(), self._loss) for maps, sound in stages]
            if self._is_avss:
                distances = [supervision.of_annotated(of_stage) for of_stage in distances]
            by_stage = torch.stack(distances).sum(1)
            if self._truth == "paper":
                losses["avm"] = by_stage.sum() / mapped
            else:
                sums_frames = not self._is_avss and self._loss.avm_distance == "kl"
                losses["avm"] = by_stage.mean() / (share if sums_frames else mapped)
        if outputs.generated is not None:
            # Not on AVSS, so the mapping loss looks at all frames.
            audio_features, generated = outputs.audio_features.float(), outputs.generated.float()
            losses["consistency"] = consistency_loss(audio_features, generated) / mapped
        return losses

    def weighted_sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The segmentation loss, plus lambda times the mapping loss, plus eta times consistency."""
        total = losses["ce" if self._is_avss else "bce"]
        if "avm" in losses:
            total = total + self._loss.lambda_avm * losses["avm"]
        if "consistency" in losses:
            total = total + self._loss.eta * losses["consistency"]
        return total


def _binary_cross_entropy(logits: Tensor, labels: Tensor, *, all_known: bool) -> Tensor:
    """Sum over labelled pixels, of probabilities: their logarithms end at -100, as in the released code.

    Where not all are, the host waits until the device knows which.
    """
    if not all_known:
        labelled = labels != IGNORED
        logits, labels = logits[labelled], labels[labelled]
    return F.binary_cross_entropy(logits.sigmoid(), labels.to(logits.dtype), reduction="sum")
