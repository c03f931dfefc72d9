"""Scores against the authors' evaluators."""

import pytest
import torch
from golden import vectors
from torch.nn.functional import one_hot
from torch.testing import assert_close

from model.layers.object_logits import object_scores
from model.metrics.fscore import f_curve, thresholds
from model.metrics.jaccard import frame_jaccard
from model.metrics.protocol import BatchedBinaryProtocol, BinaryProtocol, SemanticProtocol, sum_totals


def test_s4_scores_per_frame_per_clip_and_per_data_set():
    g = vectors("metrics_s4")
    protocol = BinaryProtocol()
    assert_close(frame_jaccard(g["prob"] > 0.5, g["gts"] == 1).float(), g["iou_per_frame"], rtol=1e-4, atol=1e-5)
    totals = []
    for clip in range(4):
        frames = slice(5 * clip, 5 * clip + 5)
        record, total = protocol.score_clip(g["class_scores"][frames], g["gts"][frames], str(clip), "")
        assert_close(record.m_j, float(g["iou_per_video"][clip]), rtol=1e-6, atol=1e-6)
        assert_close(record.m_f, float(g["f_per_video"][clip]), rtol=1e-6, atol=1e-6)
        totals.append(total)
    score = protocol.dataset_score(totals)
    assert_close(score.m_j, float(g["dataset_mIoU"]), rtol=1e-6, atol=1e-6)
    assert_close(score.m_f, float(g["dataset_F"]), rtol=1e-6, atol=1e-6)


def of_logits(protocol, logits, truth):
    """The score of clips of five frames whose network gives one logit per pixel."""
    totals = [
        protocol.score_clip(object_scores(clip[:, None], clip.shape[1:]), labels.long(), "", "")[1]
        for clip, labels in zip(logits, truth, strict=True)
    ]
    return protocol.dataset_score(totals)


def test_avsbench_scores_of_extreme_clips():
    g = vectors("metrics_binary")
    for logits, truth, m_j, m_f in zip(g["pred"], g["gt"], g["miou"], g["fscore"], strict=True):
        for protocol in (BinaryProtocol(), BatchedBinaryProtocol()):
            score = of_logits(protocol, logits[None], truth[None])
            assert score.m_j == pytest.approx(float(m_j), abs=1e-6)
            assert score.m_f == pytest.approx(float(m_f), abs=1e-5)
    assert_close(thresholds().float(), g["thresholds"], rtol=0, atol=0)


def test_avsbench_scores_depend_on_the_test_batch_as_the_authors_do():
    """Batches of 3 leave a short one at the end; one of 1 is AVS-BiGen's test, one of 4 AVSBench's."""
    g = vectors("metrics_binary")
    for batch, m_j, m_f in g["bs_table"].tolist():
        score = of_logits(BatchedBinaryProtocol(int(batch)), g["bs_pred"], g["bs_gt"])
        assert (score.m_j, score.m_f) == pytest.approx((m_j, m_f), abs=1e-6)
        assert score.count == -(-len(g["bs_pred"]) // int(batch))
    alone = of_logits(BinaryProtocol(), g["bs_pred"], g["bs_gt"])
    assert (alone.m_j, alone.m_f) == pytest.approx(tuple(g["bs_table"][0, 1:].tolist()), abs=1e-6)


def test_f_curve_equals_the_comparison_with_every_threshold():
    g = vectors("metrics_s4")
    frame, truth = g["prob"][:1], g["gts"][:1] == 1
    slow = []
    for threshold in thresholds():
        predicted = frame >= threshold
        hit = (predicted & truth).sum().double()
        precision, recall = hit / (predicted.sum() + 1e-20), hit / (truth.sum() + 1e-20)
        slow.append((1.3 * precision * recall / (0.3 * precision + recall)).nan_to_num(0.0))
    assert_close(f_curve(frame, truth)[0], torch.stack(slow), rtol=1e-12, atol=0)


def test_avss_scores_per_class_and_per_data_set():
    g = vectors("metrics_avss")
    protocol = SemanticProtocol(classes=71)
    labels = g["label"].long()
    scores = one_hot(g["pred_label"].long(), 71).permute(0, 3, 1, 2).float()
    totals = [protocol.score_clip(scores[clip], labels[clip], "", "")[1] for clip in (slice(10), slice(10, 20))]
    summed = sum_totals(totals)
    for row, name in enumerate(("iou_sum", "f_sum", "count")):
        assert_close(summed[row].float(), g[name], rtol=0, atol=1e-5)
    score = protocol.dataset_score(totals)
    assert_close(score.m_j, float(g["miou"]), rtol=0, atol=1e-6)
    assert_close(score.m_f, float(g["fscore"]), rtol=0, atol=1e-6)


def test_the_sum_of_totals_does_not_depend_on_order():
    totals = [torch.tensor([value, 1.0, 1.0], dtype=torch.float64) for value in (0.1, 1e16, 0.3, -1e16, 0.7)]
    assert torch.equal(sum_totals(totals), sum_totals(totals[::-1]))
