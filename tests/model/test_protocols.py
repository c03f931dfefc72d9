"""Protocols by name, and scores that no grouping of the data can change."""

import pytest
import torch

from model.metrics.fscore import f_curve, thresholds
from model.metrics.protocol import BatchedBinaryProtocol, BinaryProtocol, PoolFreeBinaryProtocol, protocol_for


@pytest.fixture
def clips():
    """Scores and labels of four clips; the third one's frames are all empty, the last one has ten."""
    generator = torch.Generator().manual_seed(3)
    made = []
    for frames, objects in ((5, True), (5, True), (5, False), (10, True)):
        labels = (torch.rand(frames, 16, 16, generator=generator) > 0.7).long() * objects
        scores = torch.randn(frames, 2, 16, 16, generator=generator)
        scores[:, 1] += labels
        made.append((scores, labels))
    return made


def dataset_score(protocol, clips):
    return protocol.dataset_score([protocol.score_clip(*clip, "", "")[1] for clip in clips])


def test_a_probability_counts_at_every_threshold_up_to_it():
    """Also where float32 puts a threshold beside its even spacing."""
    edges = thresholds()
    below, above = (torch.nextafter(edges, torch.full((), limit)) for limit in (0.0, 1.0))
    for values in (edges, below, above, torch.rand(10_000, generator=torch.Generator().manual_seed(0))):
        expected = (values[:, None] >= edges).double()
        truth = torch.ones(len(values), 1, 1, dtype=torch.bool)
        assert torch.equal(f_curve(values[:, None, None], truth) > 0, expected > 0)


def test_pool_free_f_is_the_best_threshold_of_the_mean_curve_over_all_frames(clips):
    shown = [
        (scores.softmax(1)[frame : frame + 1, 1], labels[frame : frame + 1] == 1)
        for scores, labels in clips
        for frame in range(len(labels))
        if labels[frame].any()
    ]
    curve = torch.stack([f_curve(*frame)[0] for frame in shown]).mean(0)
    score = dataset_score(PoolFreeBinaryProtocol(), clips)
    assert score.m_f == pytest.approx(float(curve.max()), rel=1e-12)
    assert score.m_j == dataset_score(BinaryProtocol(), clips).m_j


def test_pool_free_f_does_not_see_how_frames_are_grouped_into_clips(clips):
    frames = [(scores[i : i + 1], labels[i : i + 1]) for scores, labels in clips for i in range(len(labels))]
    whole, apart = (dataset_score(PoolFreeBinaryProtocol(), grouping).m_f for grouping in (clips, frames))
    assert apart == pytest.approx(whole, rel=1e-12)
    pooled, alone = (dataset_score(BinaryProtocol(), grouping).m_f for grouping in (clips, frames))
    assert abs(pooled - alone) > 0.01


@pytest.mark.parametrize("protocol", [BinaryProtocol(), PoolFreeBinaryProtocol()])
def test_uneven_shards_add_up_to_the_same_bits(protocol, clips):
    totals = [protocol.score_clip(*clip, "", "")[1] for clip in clips]
    assert protocol.dataset_score(totals) == protocol.dataset_score([totals[i] for i in (3, 1, 2, 0)])


@pytest.mark.parametrize("protocol", [BinaryProtocol(), PoolFreeBinaryProtocol(), BatchedBinaryProtocol()])
def test_a_split_without_any_object_has_f_zero(protocol, clips):
    assert dataset_score(protocol, clips[2:3]).m_f == 0.0


def test_batches_are_pooled_in_the_order_of_the_clips_and_the_last_one_counts_whole(clips):
    protocol = BatchedBinaryProtocol(2)
    score = dataset_score(protocol, clips[:3])
    whole, last = dataset_score(PoolFreeBinaryProtocol(), clips[:2]), dataset_score(BinaryProtocol(), clips[2:3])
    assert (score.m_f, score.count) == (pytest.approx((whole.m_f + last.m_f) / 2, rel=1e-12), 2)
    assert score.m_j == pytest.approx((whole.m_j + last.m_j) / 2, rel=1e-12)
    assert dataset_score(protocol, [clips[i] for i in (0, 2, 1)]).m_f != score.m_f


def test_protocols_go_by_name_with_or_without_version():
    assert protocol_for("s4").rules.name == "avsbench-binary"
    assert protocol_for("avss").rules.name == "avsbench-semantic"
    for name in ("avsbench-binary-dataset", "avsbench-binary-dataset@1"):
        assert isinstance(protocol_for("ms3", name), PoolFreeBinaryProtocol)
    assert isinstance(protocol_for("s4", "avsbench-binary-batch4"), BatchedBinaryProtocol)
    with pytest.raises(ValueError, match=r"no protocol 'avsbench-binary' scores AVSS: use avsbench-semantic@1"):
        protocol_for("avss", "avsbench-binary")
