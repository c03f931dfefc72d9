"""What the settings of AVS-BiGen change, and which are refused."""

from functools import partial
from typing import get_args

import pytest
import torch
from contract import SIZE, small_config
from torch.testing import assert_close

from experiments.errors import InputError
from experiments.presets import resolve_preset
from model.bigen.config import BigenLossConfig, BigenModelConfig, BigenTruths
from model.bigen.kl_loss import kl_loss
from model.bigen.segmentation_loss import cross_entropy, weighted_iou
from model.config import IGNORED
from model.data.batch import Batch, unlabelled
from model.interface import model_of
from model.layers.tpavi import TPAVI

CHOICES = [
    *(("truths__" + name, "paper") for name in BigenTruths.model_fields),
    *(("model__neck", neck) for neck in get_args(BigenModelConfig.model_fields["neck"].annotation)),
    ("model__fusion", "none"),
    ("model__fusion", "tpavi"),
    ("model__motion", False),
    ("model__generation", False),
    *(("loss__segmentation", form) for form in get_args(BigenLossConfig.model_fields["segmentation"].annotation)),
    ("loss__lambda_kl", 0),
    ("loss__eta", 0),
]


def labelled_batch(task, generator):
    """Two clips of five and three frames; on S4 the first frame of each has labels."""
    annotated = torch.ones(8, dtype=torch.bool)
    if task == "s4":
        annotated[:] = False
        annotated[[0, 5]] = True
    return Batch(
        frames=torch.randint(0, 256, (8, 3, SIZE, SIZE), generator=generator, dtype=torch.uint8),
        maskiges=None,
        sound=torch.randn(8, 1, 96, 64, generator=generator),
        clip_lengths=torch.tensor([5, 3]),
        annotated=annotated,
        labels=torch.randint(0, 2, (int(annotated.sum()), SIZE, SIZE), generator=generator),
        names=["one", "other"],
        positions=torch.tensor([0, 1]),
        known=[SIZE * SIZE] * int(annotated.sum()),
    )


def first_step(task, **settings):
    """A network in training, its losses, their weighted sum, and its outputs."""
    config = small_config("bigen", data__task=task, **settings)
    torch.manual_seed(0)
    network = model_of(config).build(config).train()
    batch = labelled_batch(task, torch.Generator().manual_seed(1))
    objective = model_of(config).objective(config)
    outputs, supervision = network(batch), objective.supervise(batch, 0)
    losses = objective.losses(outputs, supervision, objective.counts([supervision]))
    return network, losses, objective.weighted_sum(losses), outputs


@pytest.mark.parametrize("task", ["s4", "ms3"])
@pytest.mark.parametrize(("setting", "value"), CHOICES)
def test_every_choice_trains(setting, value, task):
    network, losses, total, _ = first_step(task, **{setting: value})
    total.backward()
    assert ("consistency" in losses) == (setting != "model__generation")
    assert ("iou" in losses) == ((setting, value) != ("loss__segmentation", "bce"))
    assert bool(total.isfinite())
    reached = [p.grad for p in network.decoder.parameters()]
    assert all(bool(gradient.isfinite().all()) for gradient in reached)


@pytest.mark.parametrize(
    ("setting", "value"), [choice for choice in CHOICES if choice[1] not in ("basic", "structure")]
)
def test_every_choice_changes_what_is_minimised(setting, value):
    _, _, total, _ = first_step("s4", **{setting: value})
    assert total.item() != first_step("s4")[2].item()


def test_without_sound_the_network_predicts_the_same_whatever_sounds():
    for fusion, equal in (("none", True), ("av_corr", False), ("tpavi", False)):
        config = small_config("bigen", model__fusion=fusion)
        torch.manual_seed(0)
        network = model_of(config).build(config).eval()
        for module in network.modules():
            if isinstance(module, TPAVI):
                torch.nn.init.ones_(module.output_scale.weight)
        frames = torch.randint(0, 256, (5, 3, SIZE, SIZE), dtype=torch.uint8)
        with torch.no_grad():
            loud, quiet = (network(unlabelled(frames, None, torch.full((5, 1, 96, 64), v))).logits for v in (3.0, -3.0))
        assert torch.equal(loud, quiet) == equal


@pytest.mark.parametrize(("task", "reached"), [("s4", True), ("ms3", False)])
def test_the_generated_sound_moves_the_prediction_on_s4_only(task, reached):
    network, losses, _, _ = first_step(task)
    losses["consistency"].backward()
    assert (network.decoder.head[-1].weight.grad is not None) == reached


def test_losses_of_the_sound_leave_the_audio_encoder_to_the_segmentation():
    network, losses, _, _ = first_step("ms3", model__fusion="none")
    (losses["consistency"] + losses["kl"]).backward()
    assert all(parameter.grad is None for parameter in network.audio_encoder.parameters())


def test_probabilities_are_the_sigmoid_of_the_logits():
    network, _, _, outputs = first_step("s4")
    scores = network.class_scores(outputs, (SIZE, SIZE))
    assert_close(network.evidence(scores)[:, 1:], outputs.logits.sigmoid())


def test_ignored_pixels_count_in_no_loss():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 40, 40, generator=generator)
    labels = torch.zeros(2, 40, 40, dtype=torch.int64)
    labels[:, 20:, 35:] = IGNORED
    entropy = partial(cross_entropy, labels=labels, smoothing=0.001, all_known=False)
    for loss in (entropy, partial(weighted_iou, labels=labels)):
        changed = logits.masked_fill(labels == IGNORED, 50.0)
        assert loss(changed) == loss(logits)
        assert loss(logits + 1) != loss(logits)


def test_the_kl_loss_of_the_paper_is_the_sum_over_stages():
    maps = [torch.rand(2, 4, side, side) for side in (8, 4, 2, 1)]
    audio, logits = torch.rand(2, 4), torch.randn(2, 1, 32, 32)
    assert_close(kl_loss(maps, audio, logits, "paper"), 4 * kl_loss(maps, audio, logits, "official"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model.width": 64}, "width 64 is not VGGish's 128.*use width 128 or audio_encoder.name compact"),
        ({"model.width": 30, "model.audio_encoder.name": "compact"}, "width 30 is not a multiple of 4"),
        ({"model.motion": 1}, "model.motion"),
        ({"loss.lambda_ada": 1}, "lambda_ada"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        resolve_preset("bigen_r50", "s4", settings)


def test_a_task_that_it_is_not_made_for_is_refused():
    with pytest.raises(InputError, match=r"bigen is not made for avss \(use s4 or ms3"):
        resolve_preset("bigen_r50", "avss")


@pytest.mark.parametrize("preset", ["bigen_r50", "bigen_pvt"])
def test_presets_have_the_released_schedule(preset):
    s4, ms3 = (resolve_preset(preset, task) for task in ("s4", "ms3"))
    assert (s4.loss.lambda_kl, ms3.loss.lambda_kl) == (0.0, 0.5)
    for config, clips, epochs in ((s4, 3452, 15), (ms3, 296, 30)):
        steps = -(-clips // config.training.batch)
        assert config.training.iterations == steps * epochs
        assert config.training.evaluate_every == steps
        assert (config.optim.lr, config.optim.poly_power, config.optim.backbone_lr_factor) == (1e-4, 0, 1)
        assert not any(value != "official" for _, value in config.truths)
