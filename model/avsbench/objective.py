"""The AVSBench baseline's training loss (AVSBench section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.avsbench.config import AVSBenchConfig
from model.avsbench.mapping_loss import mapping_divergences
from model.avsbench.network import Segmentation
from model.config import IGNORED
from model.data.batch import Batch
from model.layers.audio_generation import consistency_loss


@dataclass(frozen=True)
class Supervision:
    """What is known of a part of a batch.

    Attributes:
        annotated: bool (BT,) which frames have labels.
        labels: int64 (annotated frames, H, W) class ids, 255 = ignore.
        mapped: bool (BT,) which frames the mapping loss looks at.
        share: of the clips of the whole batch.
    """

    annotated: Tensor
    labels: Tensor
    mapped: Tensor
    share: float


class AVSBenchObjective:
    """See `model.interface.Objective`: cross entropy per pixel, binary on S4 and MS3, mapping and consistency.

    Args:
        config: the trial.
    """

    def __init__(self, config: AVSBenchConfig) -> None:
        self._lambda_avm, self._eta = config.loss.lambda_avm, config.loss.eta
        self._truth = config.truths.avm_reduce
        self._is_avss, self._clips = config.data.task == "avss", config.training.batch

    def supervise(self, batch: Batch, step: int) -> Supervision:  # noqa: ARG002 - nothing is drawn at random
        """On S4 and MS3 the mapping loss looks at all frames, on AVSS at those with labels."""
        mapped = batch.annotated if self._is_avss else torch.ones_like(batch.annotated)
        return Supervision(batch.annotated, batch.labels, mapped, len(batch.names) / self._clips)

    def counts(self, parts: Sequence[Supervision]) -> Sequence[float]:
        """Labelled pixels, frames of the mapping loss, and the share of the batch.

        The last is 1 for a whole batch. Divided by it, sums over the frames of a part come to their sum over the batch.
        """
        pixels = sum(int((part.labels != IGNORED).sum()) for part in parts)
        mapped = sum(int(part.mapped.sum()) for part in parts)
        return (float(pixels), float(mapped), sum(part.share for part in parts))

    def losses(self, outputs: Segmentation, supervision: Supervision, counts: Sequence[float]) -> dict[str, Tensor]:
        """`bce` or, on AVSS, `ce`; `avm` if it weighs anything; `consistency` where audio features are generated."""
        pixels, mapped, share = counts
        logits = outputs.logits.float()
        labelled = logits[supervision.annotated]
        if self._is_avss:
            entropy = F.cross_entropy(labelled, supervision.labels, ignore_index=IGNORED, reduction="sum")
            losses = {"ce": entropy / pixels}
        else:
            losses = {"bce": _binary_cross_entropy(labelled[:, 0], supervision.labels) / pixels}
        if self._lambda_avm:
            stages = zip(outputs.maps, outputs.sound, strict=True)
            divergences = [mapping_divergences(logits, maps.float(), sound.float()) for maps, sound in stages]
            by_stage = torch.stack(divergences)[:, supervision.mapped].sum(1)
            if self._truth == "paper":
                losses["avm"] = by_stage.sum() / mapped
            else:
                losses["avm"] = by_stage.mean() / (mapped if self._is_avss else share)
        if outputs.generated is not None:
            # Not on AVSS, so the mapping loss looks at all frames.
            audio_features, generated = outputs.audio_features.float(), outputs.generated.float()
            losses["consistency"] = consistency_loss(audio_features, generated) / mapped
        return losses

    def weighted_sum(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The segmentation loss, plus lambda times the mapping loss, plus eta times consistency."""
        total = losses["ce" if self._is_avss else "bce"]
        if "avm" in losses:
            total = total + self._lambda_avm * losses["avm"]
        if "consistency" in losses:
            total = total + self._eta * losses["consistency"]
        return total


def _binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over labelled pixels, of probabilities: their logarithms end at -100, as in the released code."""
    labelled = labels != IGNORED
    return F.binary_cross_entropy(logits[labelled].sigmoid(), labels[labelled].to(logits.dtype), reduction="sum")
