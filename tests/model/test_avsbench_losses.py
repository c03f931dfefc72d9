"""The AVSBench baseline's losses against the authors' outputs, and how a batch may be divided."""

import pytest
import torch
from golden import vectors
from torch.testing import assert_close

from experiments.presets import resolve_preset
from model.avsbench.network import Segmentation
from model.avsbench.objective import AVSBenchObjective
from model.config import IGNORED
from model.data.batch import Batch

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
STAGES = range(4)


def objective(task, **settings):
    assigned = {key.replace("__", "."): value for key, value in settings.items()}
    return AVSBenchObjective(resolve_preset("avsbench_r50", task, {"training.batch": 2, **assigned}))


def segmentation(logits, maps=(), sound=()):
    """With what no loss looks at unless audio features are generated."""
    return Segmentation(logits, list(maps), list(sound), coarsest=torch.empty(0), audio_features=torch.empty(0))


def outputs_of(g):
    sound = [g[f"a{stage}"].flatten(0, 1) for stage in STAGES]
    return segmentation(g["logits"].requires_grad_(), [g[f"v{stage}"] for stage in STAGES], sound)


def batch_of(annotated, labels):
    """Two clips; of their frames and sound an objective knows nothing."""
    length = len(annotated) // 2
    return Batch(
        frames=torch.zeros(2 * length, 3, 1, 1),
        maskiges=None,
        sound=torch.zeros(2 * length, 1),
        clip_lengths=torch.tensor([length, length]),
        annotated=annotated,
        labels=labels,
        names=["a", "b"],
        positions=torch.arange(2),
        known=(labels != IGNORED).sum((1, 2)).tolist(),
    )


def binary_batch(g, task):
    if task == "s4":
        return batch_of(torch.tensor([True, *[False] * 4] * 2), g["gt1"][:, 0, 0].long())
    return batch_of(torch.ones(10, dtype=torch.bool), g["gt5"][:, 0].long())


def semantic_batch(g):
    annotated = g["flag"].bool()
    return batch_of(annotated, g["labels"][annotated])


def losses_of(objective, outputs, batch):
    supervision = objective.supervise(batch, 0)
    losses = objective.losses(outputs, supervision, objective.counts([supervision]))
    return losses, objective.weighted_sum(losses)


def gradient(loss, outputs):
    return torch.autograd.grad(loss, outputs.logits, retain_graph=True)[0]


def test_s4_compares_first_frames_and_maps_no_sound():
    g = vectors("losses_avsbench")
    outputs = outputs_of(g)
    losses, total = losses_of(objective("s4"), outputs, binary_batch(g, "s4"))
    assert losses.keys() == {"bce"}
    assert_close(losses["bce"], g["s4_bce"], **TOLERANCE)
    assert_close(total, g["s4_total_default"], **TOLERANCE)
    assert_close(gradient(total, outputs), g["s4_bce_grad"], **TOLERANCE)


def test_ms3_compares_all_frames_and_maps_their_sound():
    g = vectors("losses_avsbench")
    outputs = outputs_of(g)
    losses, total = losses_of(objective("ms3"), outputs, binary_batch(g, "ms3"))
    assert_close(losses["bce"], g["ms3_bce"], **TOLERANCE)
    assert_close(losses["avm"], g["ms3_avm_kl_norm0"], **TOLERANCE)
    assert_close(total, g["ms3_total_train_sh"], **TOLERANCE)
    assert_close(gradient(losses["bce"], outputs), g["ms3_bce_grad"], **TOLERANCE)
    assert_close(gradient(losses["avm"], outputs), g["ms3_avm_kl_norm0_grad"], **TOLERANCE)


def test_avss_looks_at_annotated_frames_only():
    g = vectors("losses_avss")
    outputs = outputs_of(g)
    losses, total = losses_of(objective("avss"), outputs, semantic_batch(g))
    assert_close(losses["ce"], g["ce"], **TOLERANCE)
    assert_close(losses["avm"], g["avm_kl_norm0"], **TOLERANCE)
    assert_close(total, g["total_train_sh"], **TOLERANCE)
    assert_close(gradient(losses["ce"], outputs)[:, 0], g["ce_grad_sum_over_class0"], **TOLERANCE)


@pytest.mark.parametrize("length", ["raw", "unit_length"])
@pytest.mark.parametrize(
    ("task", "vector", "settings"),
    [
        ("ms3", "ms3_avm_kl", {}),
        ("ms3", "ms3_avm_euclid", {"loss__avm_distance": "euclidean"}),
        ("ms3", "ms3_avm_kl_thr", {"loss__avm_mask": "threshold"}),
        ("ms3", "ms3_avm_kl_max", {"loss__avm_mask": "max"}),
        ("avss", "avm_kl", {}),
        ("avss", "avm_euclid", {"loss__avm_distance": "euclidean"}),
    ],
)
def test_the_mapping_losses_that_the_released_code_could_train_with(task, vector, settings, length):
    g = vectors("losses_avss" if task == "avss" else "losses_avsbench")
    outputs, batch = outputs_of(g), semantic_batch(g) if task == "avss" else binary_batch(g, task)
    losses, _ = losses_of(objective(task, loss__avm_features=length, **settings), outputs, batch)
    name = f"{vector}_norm{int(length == 'unit_length')}"
    assert_close(losses["avm"], g[name], **TOLERANCE)
    if f"{name}_grad" in g:
        assert_close(gradient(losses["avm"], outputs), g[f"{name}_grad"], **TOLERANCE)


@pytest.mark.parametrize(("task", "factor"), [("ms3", 4 / 10), ("avss", 4)])
def test_the_papers_mapping_loss_is_the_sum_over_stages_of_means_over_frames(task, factor):
    g = vectors("losses_avss" if task == "avss" else "losses_avsbench")
    batch = semantic_batch(g) if task == "avss" else binary_batch(g, task)
    official, _ = losses_of(objective(task), outputs_of(g), batch)
    paper, _ = losses_of(objective(task, truths__avm_reduce="paper"), outputs_of(g), batch)
    assert_close(paper["avm"], factor * official["avm"])


@pytest.mark.parametrize("truth", ["official", "paper"])
@pytest.mark.parametrize("task", ["s4", "ms3", "avss"])
def test_losses_of_the_parts_of_a_batch_add_up(task, truth):
    g = vectors("losses_avss" if task == "avss" else "losses_avsbench")
    batch = semantic_batch(g) if task == "avss" else binary_batch(g, task)
    whole = objective(task, truths__avm_reduce=truth, loss__lambda_avm=0.5)
    expected, _ = losses_of(whole, outputs_of(g), batch)
    parts = [whole.supervise(part, 0) for part in batch.split(1)]
    frames = len(batch.annotated) // 2
    outputs = outputs_of(g)
    added = {}
    for index, part in enumerate(parts):
        own = slice(index * frames, (index + 1) * frames)
        half = segmentation(outputs.logits[own], [m[own] for m in outputs.maps], [a[own] for a in outputs.sound])
        # Two workers, each with one clip: what they divide by is the average of their counts.
        counts = [sum(both) / 2 for both in zip(*(whole.counts([one]) for one in parts), strict=True)]
        for name, loss in whole.losses(half, part, counts).items():
            added[name] = added.get(name, 0) + loss / 2
    assert added.keys() == expected.keys()
    for name, loss in expected.items():
        assert_close(added[name], loss)


def test_ignored_pixels_count_nowhere():
    g = vectors("losses_avsbench")
    outputs, labels = outputs_of(g), g["gt5"][:, 0].long()
    labels[:, :14] = IGNORED
    losses, _ = losses_of(objective("ms3"), outputs, batch_of(torch.ones(10, dtype=torch.bool), labels))
    lower = torch.nn.functional.binary_cross_entropy_with_logits(outputs.logits[:, :, 14:], g["gt5"][:, :, 14:])
    assert_close(losses["bce"], lower)


def test_a_saturated_logit_costs_a_hundred():
    outputs = segmentation(torch.full((10, 1, 2, 2), -200.0))
    batch = batch_of(torch.ones(10, dtype=torch.bool), torch.ones(10, 2, 2, dtype=torch.int64))
    losses, _ = losses_of(objective("ms3", loss__lambda_avm=0), outputs, batch)
    assert losses["bce"].item() == 100
