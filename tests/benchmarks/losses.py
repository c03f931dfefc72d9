"""COMBO's matching and losses, forward and backward, beside the literal way.

The authors' shape: 8 clips of 5 frames, 10 predictions of 100 queries on maps of 56 x 56, labels of 224 pixels; on S4
the first frame of a clip has a label, on MS3 all have.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from comparison import Comparison, Form
from torch import Tensor

sys.path.append(str(Path(__file__).parents[1] / "model"))

from literal_losses import literal_losses

from model.combo.batched_criterion import BatchedCriterion
from model.combo.config import LossConfig, Truths
from model.combo.criterion import SetCriterion, Supervision
from model.combo.points import CountedPoints, KeyedPoints
from model.combo.query_decoder import Prediction
from model.combo.targets import frame_targets
from model.data.batch import present_classes

CLIPS, FRAMES, PREDICTIONS, QUERIES, SIDE, SIZE, CLASSES = 8, 5, 10, 100, 56, 224, 2
SAME = 1e-4
"""Relative difference of totals that rounding may make."""
FORMS = ("literal", "per_frame", "batched")
TRUTHS, LOSS = Truths(), LossConfig()


@dataclass(frozen=True)
class Case:
    """What a network gives, and the labels."""

    predictions: list[Prediction]
    labels: Tensor
    present: list[list[int]]
    annotated: Tensor

    @classmethod
    def of(cls, task: str, device: str) -> Case:
        """Blobs as labels; logits that are as large as those of a network that has just begun."""
        draw = torch.Generator().manual_seed(0)
        count = CLIPS * FRAMES
        annotated = torch.tensor([task == "ms3" or frame % FRAMES == 0 for frame in range(count)])
        coarse = torch.randn(int(annotated.sum()), 1, 7, 7, generator=draw)
        labels = (torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bilinear")[:, 0] > 0.5).long()
        predictions = [
            Prediction(
                torch.randn(count, QUERIES, CLASSES + 1, generator=draw).to(device).requires_grad_(),
                (4 * torch.randn(count, QUERIES, SIDE, SIDE, generator=draw)).to(device).requires_grad_(),
            )
            for _ in range(PREDICTIONS)
        ]
        present = [present_classes(frame) for frame in labels.numpy()]
        return cls(predictions, labels.to(device), present, annotated)

    def losses(self, form: str, *, counted: bool) -> dict[str, Tensor]:
        """By one of the `FORMS`, of which the two other than literal know the classes from the loader.

        Points are counted or keyed, and equal then on one device; the literal form takes keyed ones.
        """
        device = self.labels.device
        lengths, places = [FRAMES] * CLIPS, range(len(self.labels))
        source = (CountedPoints if counted else KeyedPoints)(0, 0, places, device)
        if isinstance(source, KeyedPoints) and form == "literal":
            annotated = self.annotated.to(device)
            return literal_losses(self.predictions, self.labels, annotated, lengths, source, LOSS, TRUTHS, CLASSES)
        criterion = (BatchedCriterion if form == "batched" else SetCriterion)(LOSS, TRUTHS, CLASSES)
        supervision = Supervision.of(self.annotated, frame_targets(self.labels, self.present), lengths)
        return criterion(self.predictions, supervision, source, criterion.counts([supervision]))

    def step(self, form: str, *, counted: bool) -> float:
        """Losses and gradients; the total. See `losses`."""
        for one in self.predictions:
            one.class_logits.grad = one.mask_logits.grad = None
        total = SetCriterion(LOSS, TRUTHS, CLASSES).weighted_sum(self.losses(form, counted=counted))
        total.backward()
        return float(total.detach())


def forms(task: str, device: str) -> Mapping[str, Form]:
    """A step of each form with its own points; given the same ones, totals agree."""
    case = Case.of(task, device)
    for counted, pair in ((False, FORMS[:2]), (True, FORMS[1:])):
        one, other = (case.step(form, counted=counted) for form in pair)
        assert abs(one - other) < SAME * one, (pair, one, other)
    return {form: partial(case.step, form, counted=form == "batched") for form in FORMS}


COMPARISONS = [
    Comparison(
        f"losses-{task}",
        f"matching and losses of {CLIPS} clips of {task.upper()}, {PREDICTIONS} predictions of {QUERIES} queries",
        partial(forms, task),
    )
    for task in ("s4", "ms3")
]
