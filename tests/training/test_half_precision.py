"""Whatever the network runs in, losses, matching and scores are those of fp32, at the released model's size.

The numbers are of a freshly initialised decoder of full width: 100 queries on maps of 56 x 56, in clips whose frames
are alike, as those of a video are.
"""

from contextlib import nullcontext

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from model.audio.vggish import VGGish
from model.combo.batched_criterion import BatchedCriterion
from model.combo.config import LossConfig, QueryDecoderConfig, Truths
from model.combo.consistency import consistency_terms
from model.combo.criterion import SetCriterion, Supervision
from model.combo.inference import class_scores
from model.combo.matcher import matching_cost
from model.combo.points import KeyedPoints, sample_points, uncertain_points
from model.combo.query_decoder import Prediction, QueryDecoder
from model.combo.targets import frame_targets
from model.config import CLASSES
from model.data.batch import Batch, present_classes
from model.foreground import foreground_share
from model.metrics.protocol import protocol_for
from model.training.embedding_cache import EmbeddingCache

FRAMES, WIDTH, SIDE, SIZE = 5, 256, 56, 112
HALVES = [torch.float16, torch.bfloat16]
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def alike(*shape):
    """Maps of frames that differ by a hundredth of what they show."""
    return torch.randn(1, *shape) + 0.01 * torch.randn(FRAMES, *shape)


@pytest.fixture(scope="module", params=["s4", "avss"])
def fresh(request):
    """Task, the first, a middle and the last prediction in fp32, supervision of all five frames."""
    torch.manual_seed(0)
    task = request.param
    decoder = QueryDecoder(WIDTH, CLASSES[task], 3, QueryDecoderConfig(), "official")
    pixels = F.layer_norm(alike(SIDE, SIDE, WIDTH), (WIDTH,)).permute(0, 3, 1, 2)
    with torch.no_grad():
        predictions = decoder([alike(WIDTH, side, side) for side in (7, 14, 28)], pixels, alike(1, WIDTH))
    quarters = torch.randint(CLASSES[task], (FRAMES, 2, 2))
    labels = quarters.repeat_interleave(SIZE // 2, 1).repeat_interleave(SIZE // 2, 2)
    shown = [predictions[index] for index in (0, 5, 9)]
    targets = frame_targets(labels, [present_classes(frame) for frame in labels.numpy()])
    return task, shown, Supervision(None, targets, [FRAMES])


@pytest.fixture(scope="module", params=HALVES, ids=["fp16", "bf16"])
def half(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["outside autocast", "inside autocast"])
def surroundings(request, half):
    """Autocast to half precision, or none."""
    return torch.autocast("cpu", dtype=half) if request.param else nullcontext()


def rounded(predictions, dtype):
    """What the network gives in half precision, and the same numbers in fp32; gradients are asked for."""
    given = [Prediction(p.class_logits.to(dtype), p.mask_logits.to(dtype)) for p in predictions]
    for one in given:
        one.class_logits.requires_grad_()
        one.mask_logits.requires_grad_()
    return given


def points():
    return KeyedPoints(0, 0, range(FRAMES), CPU)


def losses_of(criterion, predictions, supervision):
    return criterion(predictions, supervision, points(), criterion.counts([supervision]))


def losses_and_gradients(task, predictions, supervision, kind):
    criterion = kind(LossConfig(), Truths(), CLASSES[task])
    losses = losses_of(criterion, predictions, supervision)
    wanted = [tensor for p in predictions for tensor in (p.class_logits, p.mask_logits)]
    return losses, torch.autograd.grad(criterion.weighted_sum(losses), wanted)


@pytest.fixture(scope="module", params=[SetCriterion, BatchedCriterion])
def in_fp32(request, fresh, half):
    """Of numbers that were rounded to half precision: the losses and gradients of fp32, and what computed them."""
    task, predictions, supervision = fresh
    single = rounded([one.float() for one in rounded(predictions, half)], torch.float32)
    return *losses_and_gradients(task, single, supervision, request.param), request.param


def test_the_training_losses_and_their_gradients(fresh, half, surroundings, in_fp32):
    task, predictions, supervision = fresh
    expected, expected_gradients, kind = in_fp32
    with surroundings:
        losses, gradients = losses_and_gradients(task, rounded(predictions, half), supervision, kind)
    assert len(losses) == 3 * 3 + 2
    assert losses == expected
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        assert torch.equal(gradient, wanted.to(half))


@pytest.fixture(scope="module")
def unrounded(fresh):
    """The losses of what the network gives in fp32."""
    task, predictions, supervision = fresh
    with torch.no_grad():
        return losses_of(SetCriterion(LossConfig(), Truths(), CLASSES[task]), predictions, supervision)


def test_the_training_losses_are_near_those_of_a_network_in_fp32(fresh, half, unrounded):
    task, predictions, supervision = fresh
    expected = unrounded
    with torch.no_grad():
        criterion = SetCriterion(LossConfig(), Truths(), CLASSES[task])
        losses = losses_of(criterion, rounded(predictions, half), supervision)
    for name, loss in losses.items():
        # Rounding moves a logit in its fourth digit (fp16) or third (bf16), and a few queries to another target.
        assert_close(loss, expected[name], rtol=0.02 if half is torch.float16 else 0.1, atol=1e-3, msg=name)


def test_the_consistency_of_frames_that_are_alike_does_not_vanish(fresh, half, surroundings):
    _, predictions, _ = fresh
    logits = predictions[1].mask_logits.to(half).requires_grad_()
    exact, _ = consistency_terms(logits.detach().double(), [FRAMES], "official")
    assert 1e-5 < exact < 1e-2
    with surroundings:
        loss, _ = consistency_terms(logits, [FRAMES], "official")
    assert loss.dtype == torch.float32
    assert_close(loss.double(), exact, rtol=1e-3, atol=1e-6)
    (gradient,) = torch.autograd.grad(65536 * loss, logits)
    assert gradient.isfinite().all()
    assert gradient.count_nonzero() > gradient.numel() / 2


def test_the_consistency_of_unrelated_frames(half):
    logits = torch.randn(FRAMES, 100, SIDE, SIDE, generator=torch.Generator().manual_seed(0)).to(half)
    (loss, _), (wanted, _) = (consistency_terms(z, [FRAMES], "official") for z in (logits, logits.float()))
    assert wanted.isfinite()
    assert torch.equal(loss, wanted)


def test_a_loss_of_weight_zero_has_no_part_in_the_sum():
    criterion = SetCriterion(LossConfig(lambda_ada=0.0), Truths(), 2)
    found = {"ce": torch.tensor(1.0), "mask": torch.tensor(2.0), "dice_0": torch.tensor(3.0)}
    found["consistency_0"] = torch.tensor(float("nan"))
    assert criterion.weighted_sum(found) == 2 * 1 + 5 * 2 + 5 * 3


def test_matching(fresh, half, surroundings):
    _, predictions, supervision = fresh
    targets, (final,) = supervision.targets, rounded(predictions[-1:], half)
    drawn = points().rows(range(FRAMES), 12544)
    objects = zip(targets.ids.split(targets.counts), targets.masks.split(targets.counts), strict=True)
    for frame, (ids, masks) in enumerate(objects):
        logits, given = final.class_logits[frame].detach(), final.mask_logits[frame].detach()
        others = (ids, masks, drawn[frame : frame + 1], LossConfig())
        expected = matching_cost(logits.float(), given.float(), *others)
        with surroundings:
            assert torch.equal(matching_cost(logits, given, *others), expected)


def test_points_and_values_at_them(fresh, half, surroundings):
    masks = fresh[1][-1].mask_logits[:, 0].to(half)
    source = points()
    drawn = source.rows(range(FRAMES), 37632), source.rows(range(FRAMES), 3136)
    expected = uncertain_points(masks.float(), *drawn, 9408)
    with surroundings:
        assert torch.equal(uncertain_points(masks, *drawn, 9408), expected)
        values = sample_points(masks, expected)
    assert torch.equal(values, sample_points(masks.float(), expected))


def test_scores_and_metrics(fresh, half, surroundings):
    task, predictions, _ = fresh
    (final,) = rounded(predictions[-1:], half)
    labels = torch.randint(CLASSES[task], (FRAMES, SIZE, SIZE), generator=torch.Generator().manual_seed(1))
    protocol = protocol_for(task)
    with torch.no_grad():
        expected = class_scores(final.float(), (SIZE, SIZE))
        with surroundings:
            scores = class_scores(final, (SIZE, SIZE))
            shares = foreground_share(scores[:, 0], scores.sum(1))
            clip, totals = protocol.score_clip(scores, labels, "clip", "")
    assert scores.dtype == shares.dtype == torch.float32
    assert torch.equal(scores, expected)
    assert torch.equal(shares, foreground_share(expected[:, 0], expected.sum(1)))
    wanted, wanted_totals = protocol.score_clip(expected, labels, "clip", "")
    assert clip == wanted
    assert torch.equal(totals, wanted_totals)


def test_embeddings_of_sound_are_in_fp32_and_kept(surroundings, tmp_path, monkeypatch):
    monkeypatch.setattr(VGGish, "hidden", 64)  # 289 MB of weights would be drawn and hashed each time
    torch.manual_seed(0)
    encoder = VGGish().eval()
    pictures = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    batch = Batch(
        names=["clip"],
        positions=torch.tensor([0]),
        clip_lengths=torch.tensor([1]),
        frames=pictures,
        maskiges=pictures,
        sound=torch.randn(1, 1, 96, 64),
        labels=torch.zeros(1, 32, 32, dtype=torch.int64),
        annotated=torch.tensor([True]),
    )
    expected = EmbeddingCache(encoder, None).embed(batch).sound
    with surroundings:
        embedded = EmbeddingCache(encoder, tmp_path).embed(batch).sound
    assert embedded.dtype == torch.float32
    assert torch.equal(embedded, expected)
    assert len(list(tmp_path.glob("*/*.embedding"))) == 1
