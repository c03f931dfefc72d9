"""Both baselines in training, at sizes without reference vectors, against `literal_baselines`: losses and gradients."""

from unittest.mock import patch

import literal_baselines
import pytest
import torch
from literal_baselines import Official, avsbench_losses, bigen_losses
from torch import nn
from torch.testing import assert_close

from experiments.presets import resolve_preset
from model.audio.vggish import VGGish
from model.data.batch import Batch
from model.interface import model_of

SIZE = 32
SETTINGS = {
    "data.size": SIZE,
    "model.backbone.name": "pvt_v2_b0",
    "model.backbone.weights": "random",
    "training.batch": 2,
}
CLOSE = {"rtol": 1e-5, "atol": 1e-9}
GRADIENTS_CLOSE = {"rtol": 2e-4, "atol": 1e-7}
"""Losses are computed in fp32."""


class Maps(nn.Module):
    """In the place of a backbone: gives its maps of noise, whatever it sees."""

    def __init__(self, channels, frames, generator):
        super().__init__()
        self.maps = nn.ParameterList(
            torch.randn(frames, width, SIZE // stride, SIZE // stride, generator=generator, dtype=torch.float64)
            for width, stride in zip(channels, (4, 8, 16, 32), strict=True)
        )

    def forward(self, _images):
        return list(self.maps)


class Compared:
    """A network with random weights on random maps and sound, beside its weights under the authors' names.

    Args:
        preset: of the network.
        task: what it is trained on.
        clip_lengths: of its batch of two clips.
        padded: frames that pass the network, padding included.
        settings: laid over the preset.
    """

    def __init__(self, preset, task, clip_lengths, padded, settings):
        self.config = resolve_preset(preset, task, SETTINGS | settings)
        self.generator = torch.Generator().manual_seed(0)
        with patch.object(VGGish, "hidden", 8):
            self.network = model_of(self.config).build(self.config).double().train()
        names = model_of(self.config).official.names(self.config, self.network.state_dict())
        self.network.backbone = Maps(self.network.backbone.channels, padded, self.generator)
        for name, parameter in self.network.named_parameters():
            if parameter.requires_grad and not name.startswith("backbone."):
                spread = 0.1 if parameter.ndim < 2 else parameter[0].numel() ** -0.5
                with torch.no_grad():
                    parameter.copy_(self._noise(*parameter.shape) * spread + float(name.endswith("norm.weight")))
        self.parameters = {
            names[name][0]: parameter
            for name, parameter in self.network.named_parameters()
            if name in names and not name.startswith("unexecuted")
        }
        frames = sum(clip_lengths)
        annotated = {"s4": [0, clip_lengths[0]], "ms3": list(range(frames)), "avss": [0, *range(5, frames)]}[task]
        labels = torch.randint(0, self.config.classes, (frames, SIZE, SIZE), generator=self.generator)
        self.batch = Batch(
            frames=torch.zeros(frames, 3, SIZE, SIZE, dtype=torch.float64),
            maskiges=None,
            sound=self._noise(frames, 128).abs(),
            clip_lengths=torch.tensor(clip_lengths),
            annotated=torch.zeros(frames, dtype=torch.bool).index_fill_(0, torch.tensor(annotated), True),
            labels=labels[annotated],
            names=["one", "other"],
            positions=torch.arange(2),
            known=[SIZE * SIZE] * len(annotated),
        )
        self.truth = labels
        self.maps = [level.detach().clone().requires_grad_() for level in self.network.backbone.maps]
        self.state = {name: value.detach().clone().requires_grad_() for name, value in self.parameters.items()}

    def step(self):
        """Our outputs and losses, with gradients left behind."""
        objective = model_of(self.config).objective(self.config)
        outputs, supervision = self.network(self.batch), objective.supervise(self.batch, 0)
        losses = objective.losses(outputs, supervision, objective.counts([supervision]))
        objective.weighted_sum(losses).backward()
        return outputs, losses

    def compare_gradients(self, total):
        """Of all that is trained, with those of the literal sum of losses."""
        total.backward()
        for ours, literal in zip(self.network.backbone.maps, self.maps, strict=True):
            assert_close(ours.grad, literal.grad, **GRADIENTS_CLOSE)
        for name, literal in self.state.items():
            ours = self.parameters[name].grad
            assert (ours is None) == (literal.grad is None), name
            if literal.grad is not None:
                assert_close(ours, literal.grad, **GRADIENTS_CLOSE, msg=lambda told, name=name: f"{name}: {told}")

    def _noise(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)


@pytest.mark.parametrize("task", ["s4", "ms3", "avss"])
def test_avsbench(task):
    """On AVSS a clip of five frames, one of them labelled, and one of ten."""
    semantic = task == "avss"
    settings = {"model.width": 16, "model.tpavi.inner_width": 8}
    compared = Compared("avsbench_pvt", task, [5, 10] if semantic else [5, 5], 20 if semantic else 10, settings)
    outputs, losses = compared.step()

    real = torch.tensor([*[True] * 5, *[not semantic] * 5, *[True] * (10 if semantic else 0)])
    sound = torch.zeros(len(real), 128, dtype=torch.float64)
    sound[real] = compared.batch.sound
    truth = torch.zeros(len(real), SIZE, SIZE, dtype=torch.int64)
    truth[real] = compared.truth
    labelled = torch.zeros(len(real), dtype=torch.bool)
    labelled[real] = compared.batch.annotated
    logits, features, sounds = literal_baselines.avsbench(
        Official(compared.state), compared.maps, sound, real.to(sound.dtype)
    )
    literal = avsbench_losses(task, logits, features, sounds, truth, labelled)

    assert_close(outputs.logits, logits[real], **CLOSE)
    for stage, feature in enumerate(features):
        assert_close(outputs.maps[stage], feature[real], **CLOSE)
        assert_close(outputs.sound[stage], sounds[stage].flatten(0, 1)[real], **CLOSE)
    for name, loss in losses.items():
        assert_close(loss.double(), literal[name], **GRADIENTS_CLOSE, msg=lambda told, name=name: f"{name}: {told}")
    compared.compare_gradients(literal["ce" if semantic else "bce"] + (0.0 if task == "s4" else 0.5) * literal["avm"])


@pytest.mark.parametrize(
    ("task", "neck", "fusion"),
    [("s4", "basic", "av_corr"), ("ms3", "basic", "av_corr"), ("ms3", "aspp", "av_corr"), ("s4", "basic", "tpavi")],
)
def test_bigen(task, neck, fusion):
    compared = Compared("bigen_pvt", task, [5, 5], 10, {"model.neck": neck, "model.fusion": fusion})
    outputs, losses = compared.step()

    w = Official(compared.state)
    literal_outputs = literal_baselines.bigen(w, compared.maps, compared.batch.sound, neck, fusion)
    literal = bigen_losses(w, task, literal_outputs, compared.batch.sound, compared.truth)

    logits, fused, _ = literal_outputs
    assert_close(outputs.logits, logits, **CLOSE)
    for ours, expected in zip(outputs.fused, fused, strict=True):
        assert_close(ours, expected, **CLOSE)
    assert losses.keys() == literal.keys()
    for name, loss in losses.items():
        assert_close(loss.double(), literal[name], **GRADIENTS_CLOSE, msg=lambda told, name=name: f"{name}: {told}")
    segmentation = literal["bce"] + literal["iou"]
    compared.compare_gradients(segmentation + (0.0 if task == "s4" else 0.5) * literal["kl"] + literal["consistency"])
