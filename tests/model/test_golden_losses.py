"""Losses and matching against the authors' outputs, with their recorded random points."""

import pytest
import torch
from golden import ReplayedPoints, vectors
from torch.testing import assert_close

from model.combo.batched_criterion import BatchedCriterion
from model.combo.config import LossConfig, Truths
from model.combo.consistency import consistency_terms, pair_weights, weighted_consistency
from model.combo.criterion import SetCriterion, Supervision, dice_loss, mask_loss
from model.combo.matcher import assign, matching_cost, read_costs
from model.combo.query_decoder import Prediction
from model.combo.targets import Targets, frame_targets
from model.data.batch import present_classes

CPU = torch.device("cpu")
WEIGHTS = LossConfig(points=64)


def test_matching_cost_and_assignment():
    g = vectors("matcher")
    cases = [
        (g["pred_logits"][i], g["pred_masks"][i], g[f"gt_labels{i}"], g[f"gt_masks{i}"], g[f"points{i}"], f"{i}", "")
        for i in (0, 1)
    ]
    cases.append((g["b_pred_logits"][0], g["b_pred_masks"][0], g["b_labels"], g["b_gt_masks"], g["b_points"], "", "b_"))
    for logits, masks, labels, truth, points, index, prefix in cases:
        cost = matching_cost(logits, masks, labels, truth.float(), points, WEIGHTS)
        assert_close(cost, g[f"{prefix}cost{index}"], rtol=1e-4, atol=1e-5)
        matches = assign(read_costs([[cost]]), Targets([labels.tolist()], labels, truth.float()), 99, CPU)
        assert matches.queries.tolist() == [g[f"{prefix}src{index}"].tolist()]
        assert matches.targets.tolist() == [g[f"{prefix}tgt{index}"].tolist()]


def test_loss_primitives():
    g = vectors("loss_primitives")
    assert_close(dice_loss(g["point_logits"], g["point_labels"], 3.0), g["dice"], rtol=1e-4, atol=1e-5)
    assert_close(mask_loss(g["point_logits"], g["point_labels"], 3.0), g["bce"], rtol=1e-4, atol=1e-5)


def batched(logits, reduce):
    return weighted_consistency(logits, pair_weights([5, 5], reduce, CPU))


def test_consistency_loss_and_its_gradient():
    g = vectors("l_ada")
    logits = g["mask_logits"].requires_grad_()
    total, chunks = consistency_terms(logits, [5, 5], "official")
    for loss in (total / chunks, batched(logits, "official") / chunks):
        assert_close(loss, g["loss"], rtol=1e-5, atol=1e-6)
        assert_close(torch.autograd.grad(loss, logits)[0], g["grad"], rtol=1e-5, atol=1e-6)


def test_paper_consistency_sums_where_the_released_code_averages():
    logits = vectors("l_ada")["mask_logits"]
    official, _ = consistency_terms(logits, [5, 5], "official")
    paper, _ = consistency_terms(logits, [5, 5], "paper")
    assert_close(paper, 4 * official)
    assert_close(batched(logits, "paper"), paper)


def supervision_of(task, stored):
    frames = len(stored["pred_logits"])
    annotated = {
        "s4": torch.tensor([True, False, False, False, False] * 2),
        "ms3": torch.ones(frames, dtype=torch.bool),
        "avss": stored.get("gt_temporal_mask_flag", torch.ones(frames)).bool(),
    }[task]
    ids, masks = zip(*((stored[f"gt_labels{i}"], stored[f"gt_masks{i}"]) for i in range(annotated.sum())), strict=True)
    targets = Targets([one.tolist() for one in ids], torch.cat(ids), torch.cat(masks).float())
    lengths = {"s4": [5, 5], "ms3": [5], "avss": [5, 10]}[task]
    return Supervision.of(annotated, targets, lengths)


@pytest.mark.parametrize("kind", [SetCriterion, BatchedCriterion])
@pytest.mark.parametrize(("task", "classes"), [("s4", 2), ("ms3", 2), ("avss", 5)])
def test_criterion_losses_and_gradients(task, classes, kind):
    g = vectors(f"criterion_{task}")
    names = ["pred", "aux0", "aux1"]
    leaves = {f"{name}_{part}": g[f"{name}_{part}"].requires_grad_() for name in names for part in ("logits", "masks")}
    predictions = [Prediction(leaves[f"{name}_logits"], leaves[f"{name}_masks"]) for name in ("aux0", "aux1", "pred")]
    criterion = kind(WEIGHTS, Truths(), classes)
    supervision = supervision_of(task, g)
    losses = criterion(predictions, supervision, ReplayedPoints(g), criterion.counts([supervision]))
    official = {key.removeprefix("loss.loss_").replace("cosine", "consistency"): key for key in g if key[:5] == "loss."}
    assert set(losses) == set(official)
    for name, key in official.items():
        assert_close(losses[name], g[key], rtol=1e-4, atol=1e-5, msg=lambda m, name=name: f"{name}: {m}")
    total = criterion.weighted_sum(losses)
    assert_close(total, g["total_weighted"], rtol=1e-4, atol=1e-5)
    total.backward()
    for name in ("pred_masks", "pred_logits", "aux0_masks", "aux1_masks"):
        assert_close(leaves[name].grad, g[f"grad_{name}"], rtol=1e-4, atol=1e-5)


def test_targets_hold_every_present_class_and_ignore_padding():
    labels = torch.zeros(2, 4, 4, dtype=torch.int64)
    labels[0, 0, 0] = 1
    labels[0, 3] = 255
    present = [present_classes(frame) for frame in labels.numpy()]
    assert present == [[0, 1], [0]]
    targets = frame_targets(labels, present)
    assert targets.ids.tolist() == [0, 1, 0]
    assert targets.masks.sum((1, 2)).tolist() == [11, 1, 16]


def test_a_query_that_predicts_nan_is_never_the_cheapest():
    ids, objects = torch.tensor([1]), torch.ones(1, 4, 4)
    logits, masks = torch.zeros(3, 3), torch.zeros(3, 4, 4)
    masks[0] = float("nan")
    cost = matching_cost(logits, masks, ids, objects, torch.rand(1, 16, 2), WEIGHTS)
    assert assign(read_costs([[cost]]), Targets([[1]], ids, objects), 2, CPU).queries.tolist() != [[0]]
