"""Every choice of the configuration trains, and says truly whether it uses all its parameters."""

import math
from itertools import product
from typing import get_args

import pytest
import torch
from tiny_trials import LIGHT_IN_HALF, first_losses, losses_by_step, run_fit, tiny_config

from model.combo.config import FusionConfig, QueryDecoderConfig, SiamEncoderConfig, Truths
from model.combo.network import Combo
from model.config import Precision, Task
from model.data.avsbench import AVSBench
from model.data.loading import training_batches


def choices(section, field):
    return get_args(section.model_fields[field].annotation)


LEAST = {"training.batch": 1, **LIGHT_IN_HALF}
"""A CPU takes two seconds for the gradients of ten frames in fp16, and of full convolutions even longer."""
SHORT = {"training.iterations": 2, "training.batch": 1}
VARIANTS = [
    *({f"truths.{name}": "paper"} for name in Truths.model_fields),
    {f"truths.{name}": "paper" for name in Truths.model_fields},
    *(
        {"model.fusion.mode": mode, "truths.fusion_ablation": truth}
        for mode in choices(FusionConfig, "mode")
        for truth in ("official", "paper")
    ),
    *({"model.query_decoder.query_mode": mode} for mode in choices(QueryDecoderConfig, "query_mode")),
    {"model.query_decoder.layers": 1},
    *({"model.siam_encoder.mode": mode} for mode in choices(SiamEncoderConfig, "mode")),
    {"loss.lambda_ada": 0},
    {"loss.class_weight": 0},
    {"loss.mask_weight": 0, "loss.dice_weight": 0},
    {"optim.algorithm": "adam"},
    *({"data.task": task} for task in get_args(Task)),
    {"data.task": "avss", "truths.lada_chunk": "paper"},
    *({"training.precision": precision, **LEAST} for precision in get_args(Precision)),
    {"data.task": "avss", "training.precision": "fp16", **LEAST},
    {"model.backbone.norm": "frozen_batch"},
    {"model.backbone.drop_path": 0.1},
]


def distinct(*sections):
    """The first of those variants that are alike, in these sections of the configuration or in all."""
    chosen = {}
    for overrides in VARIANTS:
        chosen.setdefault(tiny_config(overrides).model_dump_json(include=set(sections) or None), overrides)
    return list(chosen.values())


def name_of(overrides):
    return " ".join(f"{key.split('.')[-1]}={value}" for key, value in overrides.items())


@pytest.mark.parametrize("overrides", distinct(), ids=name_of)
def test_two_steps(overrides, lightest_data, tmp_path):
    config = tiny_config({"training.iterations": 2, **overrides})
    events = list(run_fit(config, lightest_data, tmp_path))
    losses = losses_by_step(events)
    assert list(losses) == [1, 2]
    assert all(math.isfinite(value) for step in losses.values() for value in step.values())
    assert 0 <= events[-1].score.m_j <= 1


@pytest.mark.parametrize("overrides", distinct("data", "model", "truths"), ids=name_of)
def test_the_network_knows_whether_gradients_reach_all_its_parameters(overrides, light_data):
    config = tiny_config({"training.batch": 1, **overrides})
    model = Combo(config).train()
    clips = AVSBench(light_data, config.data.task, "train", size=config.data.size)
    batch = next(training_batches(clips, config, 0, 1, first_step=0, workers=0))
    predictions = model(batch)
    torch.stack([p.class_logits.mean() + p.mask_logits.mean() for p in predictions]).sum().backward()
    unreached = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert model.uses_every_parameter == (not unreached), unreached


def test_adam_decays_through_the_gradient_and_adamw_beside_it(light_data, tmp_path):
    """So they agree without weight decay, and with it they do not."""
    last = {}
    for algorithm, decay in product(("adamw", "adam"), (0, 0.5)):
        settings = {"optim.algorithm": algorithm, "optim.weight_decay": decay, **SHORT}
        place = tmp_path / f"{algorithm}-{decay}"
        last[algorithm, decay] = first_losses(2, tiny_config(settings), light_data, place)[2]
    assert last["adam", 0] == last["adamw", 0]
    assert last["adam", 0.5] != last["adamw", 0.5]


def test_lambda_weighs_the_consistency_loss(light_data, tmp_path):
    first = {}
    for weight in (0, 10):
        config = tiny_config({"loss.lambda_ada": weight, **SHORT})
        first[weight] = first_losses(1, config, light_data, tmp_path / str(weight))[1]
    consistency = sum(value for name, value in first[10].items() if name.startswith("consistency"))
    assert consistency > 0
    assert first[10]["total"] - first[0]["total"] == pytest.approx(10 * consistency, rel=1e-5)
    parts = first[0].keys() - {"total"}
    assert {name: first[0][name] for name in parts} == {name: first[10][name] for name in parts}
