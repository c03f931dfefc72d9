"""The AVSBench baseline trains under every choice of its settings; its padding touches batch statistics only."""

import math
from typing import get_args

import pytest
import torch
from tiny_trials import losses_by_step, run_fit

from experiments.overrides import lay_over
from model.avsbench.config import Truths
from model.avsbench.network import AVSBenchNetwork
from model.config import Task, TrialConfig
from model.data.avsbench import AVSBench as Clips
from model.data.batch import collate
from model.data.loading import training_batches
from model.interface import model_of
from model.training.gradients import BatchGradients
from model.training.optim import build_optimizer
from model.training.stepper import Stepper
from model.training.stopping import never
from model.training.workers import Workers

TINY = {
    "model.name": "avsbench",
    "model.width": 16,
    "model.backbone.name": "test_resnet",
    "model.backbone.weights": "random",
    "model.backbone.norm": "native",
    "model.audio_encoder.name": "compact",
    "model.audio_encoder.width": 16,
    "model.tpavi.inner_width": 8,
    "optim.clip_norm": None,
    "data.size": 32,
    "data.augment": "none",
    "training.batch": 2,
    "training.iterations": 2,
    "training.evaluate_every": 2,
}

VARIANTS = [
    *({f"truths.{name}": "paper"} for name in Truths.model_fields),
    {f"truths.{name}": "paper" for name in Truths.model_fields},
    *({"data.task": task, "loss.lambda_avm": 0.5} for task in get_args(Task)),
    {"data.task": "avss", "truths.avss_clips": "paper"},
    {"data.task": "avss", "loss.lambda_avm": 0.5, "training.precision": "bf16"},
    {"model.tpavi.stages": [3, 4], "loss.lambda_avm": 0.5},
    {"loss.lambda_avm": 0.5, "loss.avm_distance": "euclidean", "loss.avm_features": "unit_length"},
    {"loss.lambda_avm": 0.5, "loss.avm_mask": "threshold"},
    {"loss.lambda_avm": 0.5, "loss.avm_mask": "max"},
    {"model.generation": True},
    {"model.generation": True, "data.task": "ms3", "loss.eta": 0.1, "truths.unexecuted_layers": "paper"},
    {"model.tpavi.stages": []},
    {"model.tpavi.stages": [], "truths.unexecuted_layers": "paper"},
    {"model.backbone.name": "pvt_v2_b0"},
    {"model.backbone.norm": "group", "truths.unexecuted_layers": "paper"},
]


def configured(overrides):
    return TrialConfig.model_validate(lay_over(lay_over({}, TINY, "tiny"), overrides, "test"))


def first_batch(config, data):
    clips = Clips.configured(config, data, "train")
    return next(training_batches(clips, config, 0, 1, first_step=0, workers=0))


def five_and_ten_frames(config, data):
    """An AVSS clip of each length."""
    clips = Clips.configured(config, data, "train")
    by_length = {len(clip.frames): clip for clip in (clips[index] for index in range(len(clips)))}
    return collate([by_length[5], by_length[10]], [0, 1])


def name_of(overrides):
    return " ".join(f"{key.split('.')[-1]}={value}" for key, value in overrides.items())


@pytest.mark.parametrize("overrides", VARIANTS, ids=name_of)
def test_two_steps(overrides, lightest_data, tmp_path):
    events = list(run_fit(configured(overrides), lightest_data, tmp_path))
    losses = losses_by_step(events)
    assert list(losses) == [1, 2]
    assert all(math.isfinite(value) for step in losses.values() for value in step.values())
    assert 0 <= events[-1].score.m_j <= 1


@pytest.mark.parametrize("overrides", VARIANTS, ids=name_of)
def test_the_network_knows_whether_gradients_reach_all_its_parameters(overrides, light_data):
    config = configured(overrides)
    network, batch = AVSBenchNetwork(config).train(), first_batch(config, light_data)
    objective = model_of(config).objective(config)
    supervision = objective.supervise(batch, 0)
    losses = objective.losses(network(batch), supervision, objective.counts([supervision]))
    objective.weighted_sum(losses).backward()
    unreached = [name for name, p in network.named_parameters() if p.requires_grad and p.grad is None]
    assert network.uses_every_parameter == (not unreached), unreached


@pytest.mark.parametrize(
    ("overrides", "splits"),
    [
        ({}, False),
        ({"model.backbone.norm": "group"}, False),
        ({"model.tpavi.stages": []}, False),
        ({"model.tpavi.stages": [], "model.backbone.norm": "group"}, True),
    ],
    ids=str,
)
def test_a_batch_is_divided_only_where_no_statistics_are_of_the_whole(overrides, splits):
    refusal = AVSBenchNetwork(configured(overrides)).refusal_to_split()
    assert (refusal == "") == splits
    assert splits or "batch normalisation in" in refusal


def test_without_norms_of_batches_padded_clips_are_segmented_as_they_are(light_data):
    """Ten frames of each AVSS clip pass the network in training; in evaluation a clip's own frames do."""
    config = configured({"data.task": "avss", "model.backbone.norm": "group"})
    network, batch = AVSBenchNetwork(config), five_and_ten_frames(config, light_data)
    for tpavi in network.tpavi.values():
        torch.nn.init.normal_(tpavi.output_scale.weight)
    seen = []
    network.backbone.register_forward_pre_hook(lambda _module, inputs: seen.append(len(inputs[0])))
    with torch.no_grad():
        bare = network.eval()(batch)
        network.train()
        for tpavi in network.tpavi.values():
            tpavi.output_scale.eval()
        padded = network(batch)
    assert seen == [15, 20]
    torch.testing.assert_close(padded.logits, bare.logits)
    for name in ("maps", "sound"):
        for ours, expected in zip(getattr(padded, name), getattr(bare, name), strict=True):
            torch.testing.assert_close(ours, expected)


def test_sound_reaches_the_frames_of_its_five_or_of_its_clip(light_data):
    batch = five_and_ten_frames(configured({"data.task": "avss"}), light_data)
    for truth, expected in (("official", 5), ("paper", 10)):
        torch.manual_seed(0)
        network = AVSBenchNetwork(configured({"data.task": "avss", "truths.avss_clips": truth})).eval()
        for tpavi in network.tpavi.values():
            torch.nn.init.normal_(tpavi.output_scale.weight)
        sound = network.audio_encoder(batch.sound).detach()
        images = network.normalise(batch.frames)
        louder = sound.clone()
        louder[5] += 1
        with torch.no_grad():
            before, after = (
                network.segment(images, one, batch.clip_lengths.tolist()).logits for one in (sound, louder)
            )
        changed = (before - after).abs().amax((1, 2, 3)) > 1e-4
        assert changed.nonzero().flatten().tolist() == list(range(5, 5 + expected))


def test_gradients_are_left_as_they_are_without_a_largest_norm(light_data):
    norms = {}
    for clip in (None, 1e-6):
        config = configured({"optim.clip_norm": clip, "optim.algorithm": "adam"})
        norms[clip] = _gradient_after_a_step(config, AVSBenchNetwork(config), first_batch(config, light_data))
    assert norms[1e-6] == pytest.approx(1e-6, rel=1e-3)
    assert norms[None] > 1e-3


def _gradient_after_a_step(config, network, batch):
    stepper = Stepper(
        config,
        BatchGradients(config, network, Workers(), torch.device("cpu"), None),
        build_optimizer(network, config.optim),
        torch.amp.GradScaler("cpu", enabled=False),
        Workers(),
        never,
    )
    stepper.step(0, batch)
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    return torch.stack([gradient.norm() for gradient in gradients]).norm().item()
