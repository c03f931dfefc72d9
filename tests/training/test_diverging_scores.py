"""Class scores that are not numbers end an evaluation as diverged, on every worker, and say whose they are."""

import pytest
import torch
from tiny_trials import SIZE, run_fit, tiny_config

from model.combo.inference import class_scores
from model.combo.network import Combo
from model.config import CLASSES
from model.data.avsbench import AVSBench
from model.metrics.protocol import PROTOCOLS, protocol_for
from model.training.audio_embeddings import unchanged
from model.training.evaluate import evaluate
from model.training.workers import Workers
from orchestrator.trial.failures import classify

EVERY_PROTOCOL = [(task, make) for task, makes in PROTOCOLS.items() for make in makes]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(("task", "protocol"), EVERY_PROTOCOL)
def test_no_protocol_scores_what_is_not_finite(task, protocol, value):
    scores = torch.rand(5, CLASSES[task], SIZE, SIZE)
    scores[2, 1, 3, 4] = value
    with pytest.raises(FloatingPointError, match="class scores of clip my-clip are not finite"):
        protocol().score_clip(scores, torch.zeros(5, SIZE, SIZE, dtype=torch.int64), "my-clip", "")


def test_an_attempt_whose_network_gives_no_numbers_has_diverged(tiny_data, tmp_path, monkeypatch):
    config = tiny_config({"training.iterations": 1, "training.evaluate_every": 1})

    def broken(_, outputs, size):
        return class_scores(outputs[-1], size) * float("nan")

    monkeypatch.setattr(Combo, "class_scores", broken)
    with pytest.raises(FloatingPointError, match="are not finite: the weights have diverged") as raised:
        list(run_fit(config, tiny_data, tmp_path))
    assert classify(raised.value) == "diverged"


class OneOfTwo(Workers):
    """The first of two workers, whose other one has met scores that are not finite."""

    def gather(self, items):
        return [*items, FloatingPointError("class scores of its clip are not finite")]


def test_a_worker_whose_own_scores_are_finite_raises_what_another_one_met(tiny_data):
    config = tiny_config()
    clips = AVSBench.configured(config, tiny_data, "val")
    model = Combo(config).eval()
    protocol = protocol_for(config.data.task)
    with pytest.raises(FloatingPointError, match="of its clip"):
        evaluate(model, clips, protocol, unchanged, OneOfTwo(0, 2), torch.device("cpu"))
