"""Losses without a wait per frame: the same bits as frame by frame; all frames at once: the same up to rounding."""

import pytest
import torch
from literal_losses import literal_losses
from torch.testing import assert_close

from model.combo.batched_criterion import AT_A_TIME, BatchedCriterion
from model.combo.config import LossConfig, Truths
from model.combo.criterion import SetCriterion, Supervision
from model.combo.points import CountedPoints, KeyedPoints, PointCounts
from model.combo.query_decoder import Prediction
from model.combo.targets import frame_targets
from model.config import IGNORED
from model.data.batch import present_classes

CPU = torch.device("cpu")
SIDE, CLASSES = 48, 6
FIRST_ONLY = [True, False, False, False, False]
CASES = {
    "first frames": ([*FIRST_ONLY, *FIRST_ONLY], 8, 61),
    "all frames": ([True] * 10, 8, 64),
    "fewer queries than objects": ([True] * 5, 2, 64),
}


@pytest.fixture(params=CASES, ids=str)
def case(request):
    """Predictions that ask for gradients, labels, which frames have them, the loss's settings."""
    annotated, queries, points = CASES[request.param]
    draw = torch.Generator().manual_seed(7)
    frames = len(annotated)
    predictions = [
        Prediction(
            torch.randn(frames, queries, CLASSES + 1, generator=draw).requires_grad_(),
            (3 * torch.randn(frames, queries, 12, 12, generator=draw)).requires_grad_(),
        )
        for _ in range(3)
    ]
    labels = torch.randint(CLASSES, (sum(annotated), 3, 3), generator=draw)
    labels = labels.repeat_interleave(SIDE // 3, 1).repeat_interleave(SIDE // 3, 2)
    labels[0, :5] = IGNORED
    return predictions, labels, torch.tensor(annotated), LossConfig(points=points)


def keyed(labels):
    return KeyedPoints(0, 3, range(len(labels)), CPU)


def of_criterion(kind, case, points, truths):
    predictions, labels, annotated, config = case
    criterion = kind(config, truths, CLASSES)
    targets = frame_targets(labels, [present_classes(frame) for frame in labels.numpy()])
    supervision = Supervision.of(annotated, targets, [5] * (len(annotated) // 5))
    losses = criterion(predictions, supervision, points, criterion.counts([supervision]))
    return losses, gradients(criterion.weighted_sum(losses), predictions)


def gradients(total, predictions):
    wanted = [tensor for one in predictions for tensor in (one.class_logits, one.mask_logits)]
    return torch.autograd.grad(total, wanted)


@pytest.mark.parametrize("truth", ["official", "paper"])
def test_the_default_is_the_literal_way_to_the_last_bit(case, truth):
    predictions, labels, annotated, config = case
    truths = Truths(lada_chunk=truth, lada_reduce=truth)
    clips = [5] * (len(annotated) // 5)
    expected = literal_losses(predictions, labels, annotated, clips, keyed(labels), config, truths, CLASSES)
    total = SetCriterion(config, truths, CLASSES).weighted_sum(expected)
    losses, found = of_criterion(SetCriterion, case, keyed(labels), truths)
    assert losses == expected
    assert all(map(torch.equal, found, gradients(total, predictions)))


@pytest.mark.parametrize("truth", ["official", "paper"])
def test_all_frames_at_once_differ_by_rounding(case, truth, monkeypatch):
    truths = Truths(lada_chunk=truth, lada_reduce=truth)
    expected, expected_gradients = of_criterion(SetCriterion, case, keyed(case[1]), truths)
    for at_a_time in (2**25, 1):
        monkeypatch.setitem(AT_A_TIME, "cpu", at_a_time)
        losses, found = of_criterion(BatchedCriterion, case, keyed(case[1]), truths)
        assert losses.keys() == expected.keys()
        for name, loss in losses.items():
            assert_close(loss, expected[name], rtol=1e-5, atol=1e-6, msg=name)
        for one, other in zip(found, expected_gradients, strict=True):
            assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_counted_points_depend_on_the_place_and_not_on_who_else_is_drawn():
    config, masks = LossConfig(points=50), [2, 1, 3]
    whole = CountedPoints(1, 4, [7, 8, 1000], CPU).draw(2, masks, config)
    part = CountedPoints(1, 4, [8, 1000], CPU).draw(2, masks[1:], config)
    counts = PointCounts.of(config)
    for prediction in range(2):
        assert torch.equal(whole.matching[prediction][1:], part.matching[prediction])
        assert torch.equal(whole.candidates[prediction][2:], part.candidates[prediction])
        assert torch.equal(whole.others[prediction][2:], part.others[prediction])
        assert whole.candidates[prediction].shape == (6, counts.candidates, 2)
    again = CountedPoints(1, 4, [7, 8, 1000], CPU).draw(2, masks, config)
    assert torch.equal(whole.candidates[1], again.candidates[1])
    assert torch.equal(whole.matching[0], whole.matching[0])


def test_counted_points_are_uniform_and_no_two_alike():
    config, masks = LossConfig(points=4096), [3, 2]
    rows = []
    for seed, step in ((0, 0), (0, 1), (1, 0)):
        draw = CountedPoints(seed, step, [0, 1], CPU).draw(3, masks, config)
        rows += [draw.matching[p] for p in range(3)] + [draw.candidates[p] for p in range(3)] + [draw.others[0]]
    points = torch.cat([row.reshape(-1, 2) for row in rows]).double()
    assert bool(((points >= 0) & (points < 1)).all())
    assert len(points.unique(dim=0)) == len(points)
    cells = (points * 16).long()
    counts = torch.bincount(cells[:, 0] * 16 + cells[:, 1], minlength=256).double()
    expected = len(points) / 256
    # Chi squared of 255 degrees of freedom: 330 is passed by one draw in a thousand.
    assert ((counts - expected) ** 2 / expected).sum() < 330
    assert torch.corrcoef(points.T)[0, 1].abs() < 4 / len(points) ** 0.5
