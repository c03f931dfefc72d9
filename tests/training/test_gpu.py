"""What only a GPU can show: the same training there, and mixed precision with a gradient scaler."""

import math

import pytest
import torch
from tiny_trials import run_fit, tiny_config

from model.combo.network import Combo
from model.data.avsbench import AVSBench
from model.data.batch import collate
from model.data.loading import training_batches
from model.metrics.protocol import protocol_for
from model.training.audio_embeddings import unchanged
from model.training.evaluate import evaluate
from model.training.events import Stepped
from model.training.scoring import predict_scores
from model.training.workers import Workers

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]


def losses(events):
    return [event.losses["total"] for event in events if isinstance(event, Stepped)]


def test_the_first_loss_on_the_gpu_is_close_to_that_on_the_cpu(tiny_data, tmp_path):
    config = tiny_config({"training.iterations": 1, "training.evaluate_every": 1})
    on_cpu = losses(run_fit(config, tiny_data, tmp_path / "cpu"))
    on_gpu = losses(run_fit(config, tiny_data, tmp_path / "gpu", device="cuda"))
    # The random points differ between the devices' generators, so the losses agree only roughly.
    assert on_gpu == pytest.approx(on_cpu, rel=0.2)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_mixed_precision_trains_and_continues(tiny_data, tmp_path, precision):
    config = tiny_config({"training.iterations": 6, "training.evaluate_every": 3, "training.precision": precision})
    events = run_fit(config, tiny_data, tmp_path, device="cuda", checkpoint_every=3)
    for event in events:
        if isinstance(event, Stepped) and event.step == 4:
            events.close()
            break
    continued = losses(run_fit(config, tiny_data, tmp_path, device="cuda", checkpoint_every=3))
    assert len(continued) == 3
    assert all(map(math.isfinite, continued))


def test_scores_do_not_depend_on_what_the_gpu_does_beside_them(tiny_data):
    """Clips are scored on a stream of their own, while the network is at the next one."""
    config, device, protocol = tiny_config(), torch.device("cuda"), protocol_for("s4")
    clips = AVSBench.configured(config, tiny_data, "test")
    model = Combo(config).to(device).eval()
    found = evaluate(model, clips, protocol, unchanged, Workers(), device)
    with torch.no_grad():
        for score in found.clips:
            place = [entry.name for entry in clips.entries].index(score.clip)
            batch = collate([clips[place]], [place]).to(device)
            alone, _ = protocol.score_clip(predict_scores(model, batch), batch.labels, score.clip, score.category)
            torch.cuda.synchronize()
            assert score == alone


@pytest.mark.parametrize("kind", ["scale_crop_colour_flip", "colour_flip"])
def test_pictures_augmented_on_the_gpu_have_the_bits_of_the_host(tiny_data, kind):
    config = tiny_config({"data.augment": kind})
    clips = AVSBench.configured(config, tiny_data, "train")
    on_host = training_batches(clips, config, 0, 1, first_step=0, workers=0)
    on_gpu = training_batches(clips, config, 0, 1, first_step=0, workers=0, augment_on=torch.device("cuda"))
    for found, expected in zip(on_gpu, on_host, strict=True):
        for one, other in ((found.frames, expected.frames), (found.maskiges, expected.maskiges)):
            assert one.is_cuda
            assert one.stride() == other.stride()
            assert torch.equal(one.cpu(), other)
