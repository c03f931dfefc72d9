"""What the rest of the product relies on in any model: each test runs over all that are registered, and over a toy."""

import json
import re
import subprocess
import sys
from itertools import islice
from typing import get_args

import pytest
import torch
from contract import SIZE, SMALL, small_config

from experiments.errors import InputError
from experiments.identity import canonical_json, flatten, trial_key
from experiments.overrides import lay_over
from model.config import CLASSES, Task, TrialConfig
from model.data.avsbench import AVSBench
from model.data.batch import unlabelled
from model.data.fingerprint import trial_fingerprint
from model.data.loading import training_batches
from model.data.synthetic.writer import write_synthetic
from model.interface import model_of
from model.metrics.protocol import protocol_for
from model.registry import MODELS, UNNAMED, load_config_class
from model.training.audio_embeddings import audio_embedder
from model.training.evaluate import evaluate
from model.training.events import Stepped, Stopped, Tested
from model.training.fit import Execution, fit
from model.training.gradients import BatchGradients
from model.training.workers import Workers
from model.weights.errors import CheckpointError
from model.weights.import_official import import_official
from model.weights.parameter_counts import count_parameters, part_of
from model.weights.stored_model import load_model, read_stored_model, save_model
from model.weights.uninitialised import uninitialised
from tests.toy_package import importable, install, toy_files

CPU = torch.device("cpu")
REGISTERED = tuple(MODELS)
UNDIVIDED = (
    "losses are sums over counts of the whole batch, and a network with layers that look at a whole batch says so in "
    "refusal_to_split"
)


@pytest.fixture(scope="module", autouse=True)
def toy(tmp_path_factory):
    with importable(install(toy_files(), tmp_path_factory.mktemp("toy"))):
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    write_synthetic("s4", out, 12, seed=1, size=SIZE)
    write_synthetic("avss", out, 6, seed=1, size=SIZE)
    return out


@pytest.fixture(params=[*REGISTERED, "toy"])
def name(request):
    return request.param


@pytest.fixture
def config(name):
    return small_config(name)


def build(config):
    torch.manual_seed(config.seed)
    return model_of(config).build(config)


def first_batch(config, data):
    clips = AVSBench.configured(config, data, "train")
    return next(training_batches(clips, config, 0, 1, first_step=0, workers=0))


def test_no_model_is_left_out_of_this_suite():
    missing = set(REGISTERED) - set(SMALL)
    assert not missing, f"give tests/model/contract.py the smallest form of {missing}, in SMALL"


def test_settings_survive_json_and_say_the_model(config, name):
    assert config.model.name == name
    assert TrialConfig.model_validate_json(config.model_dump_json()) == config
    assert TrialConfig.model_validate_json(canonical_json(config)) == config
    identity = json.loads(canonical_json(config))
    # Trials that were stored while there was one model only do not name it.
    assert identity["model"].get("name", UNNAMED) == name
    assert ("name" in identity["model"]) == (name != UNNAMED)


@pytest.mark.parametrize("task", get_args(Task))
def test_a_task_that_a_model_is_not_made_for_is_refused_in_one_sentence(name, task):
    if task in load_config_class(name).TASKS:
        assert small_config(name, data__task=task).data.task == task
        return
    with pytest.raises(ValueError, match=rf"{name} is not made for data\.task {task}: use .*, or another model\.name"):
        small_config(name, data__task=task)


def test_no_two_models_share_a_key():
    keys = {trial_key(small_config(name, data__augment="none")) for name in SMALL}
    assert len(keys) == len(SMALL)


def test_settings_that_only_another_model_has_are_refused(config, name):
    own = flatten(config)
    foreign = {key: value for other in SMALL for key, value in flatten(small_config(other)).items() if key not in own}
    assert foreign
    for key, value in foreign.items():
        with pytest.raises(InputError, match=f"is a setting of .*, not of {name} |is a section, not a setting"):
            lay_over({"model": {"name": name}}, {key: value}, "test")


@pytest.mark.parametrize("registered", REGISTERED)
def test_settings_are_read_without_torch(registered):
    module = MODELS[registered].config.partition(":")[0]
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_every_tensor_belongs_to_one_part(config):
    network = build(config)
    for tensor in network.state_dict():
        assert sum(tensor.startswith(prefix) for prefix in network.parts.values()) == 1, tensor
        assert part_of(tensor, network.parts) in network.parts
    counts = count_parameters(config)
    assert counts.total == sum(parameter.numel() for parameter in network.parameters())
    assert counts.modules.keys() == network.parts.keys()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, None])
@pytest.mark.parametrize("task", ["s4", "avss"])
def test_class_scores_are_fp32_whatever_the_autocast_and_their_evidence_is_not_negative(name, data, task, dtype):
    if task not in load_config_class(name).TASKS:
        pytest.skip(f"{name} is not made for {task}")
    config = small_config(name, data__task=task, training__batch=1)
    network, batch = build(config).eval(), first_batch(config, data)
    with torch.no_grad(), torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
        scores = network.class_scores(network(batch), (SIZE, SIZE + 8))
    assert scores.shape == (len(batch.frames), CLASSES[task], SIZE, SIZE + 8)
    assert scores.dtype == torch.float32
    assert bool(scores.isfinite().all())
    evidence = network.evidence(scores)
    assert evidence.shape == scores.shape
    assert bool((evidence >= 0).all())
    assert torch.equal(network.evidence(scores[0]), evidence[0])


def test_attention_is_one_map_per_frame_and_name_from_0_to_1(config, data):
    network = build(config).eval()
    batch = first_batch(config, data)
    with torch.no_grad():
        found = network.attention(network(batch), batch)
    for name, maps in found.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert (maps.ndim, len(maps)) == (3, len(batch.frames))
        assert bool(((maps >= 0) & (maps <= 1)).all())


def test_a_clip_without_labels_is_segmented_as_one_with_labels(config, data):
    network = build(config).eval()
    batch = first_batch(small_config(config.model.name, training__batch=1), data)
    bare = unlabelled(batch.frames, batch.maskiges, batch.sound)
    with torch.no_grad():
        scores = [network.class_scores(network(one), (SIZE, SIZE)) for one in (batch, bare)]
    assert torch.equal(*scores)


def test_the_network_knows_whether_gradients_reach_all_its_parameters(config, data):
    network, batch = build(config).train(), first_batch(config, data)
    objective = model_of(config).objective(config)
    supervision = objective.supervise(batch, 0)
    losses = objective.losses(network(batch), supervision, objective.counts([supervision]))
    objective.weighted_sum(losses).backward()
    unreached = [key for key, value in network.named_parameters() if value.requires_grad and value.grad is None]
    assert network.uses_every_parameter == (not unreached), unreached


def test_losses_and_gradients_do_not_depend_on_how_a_batch_is_divided(config, data):
    network, batch = build(config), first_batch(config, data)
    assert not (config.is_known_to_divide and network.refusal_to_split())
    if network.refusal_to_split():
        pytest.skip(f"this model says so: {network.refusal_to_split()}")
    found = []
    for micro_batch in (None, 1):
        network.zero_grad(set_to_none=True)
        gradients = BatchGradients(config, network, Workers(), CPU, micro_batch)
        losses = gradients.accumulate(3, batch, torch.amp.GradScaler("cpu", enabled=False))
        found.append((losses, {key: p.grad.clone() for key, p in network.named_parameters() if p.grad is not None}))
    (whole, whole_gradients), (parts, part_gradients) = found
    assert whole.keys() == parts.keys()
    for key, value in whole.items():
        torch.testing.assert_close(parts[key], value, rtol=1e-4, atol=1e-6, msg=lambda said: f"{said}\n\n{UNDIVIDED}")
    assert whole_gradients.keys() == part_gradients.keys()
    largest = max(value.norm() for value in whole_gradients.values())
    for key, value in whole_gradients.items():
        assert (part_gradients[key] - value).norm() <= 1e-4 * (value.norm() + largest), key


def test_a_network_with_batch_normalisation_is_not_divided_unless_it_says_otherwise():
    network = build(small_config("toy"))
    assert network.refusal_to_split() == ""
    network.pixels = torch.nn.Sequential(network.pixels, torch.nn.BatchNorm2d(8))
    assert network.refusal_to_split().startswith("batch normalisation in pixels.1 would see only a part of each batch")


def test_a_trial_that_was_stopped_ends_with_the_weights_of_one_that_was_not(name, data, tmp_path):
    config = small_config(name, training__iterations=3, training__evaluate_every=3)

    def execution(folder, **changes):
        return Execution(data_root=data, checkpoints=tmp_path / folder, checkpoint_every=1, **changes)

    straight = list(fit(config, execution("straight")))
    asked = islice([False, True, *[True] * 100], 100)
    stopped = list(fit(config, execution("stopped", should_stop=lambda: next(asked))))
    assert isinstance(stopped[-1], Stopped)
    continued = list(fit(config, execution("stopped")))
    steps = [event.losses for event in [*stopped, *continued] if isinstance(event, Stepped)]
    assert steps == [event.losses for event in straight if isinstance(event, Stepped)]
    assert isinstance(continued[-1], Tested)
    assert continued[-1].score == straight[-1].score


def test_fast_numerics_change_no_loss_but_by_rounding(name, data, tmp_path):
    losses = {}
    for numerics in ("plain", "fast_1"):
        config = small_config(name, training__numerics=numerics)
        events = fit(config, Execution(data_root=data, checkpoints=tmp_path / numerics, checkpoint_every=4))
        losses[numerics] = [next(events).losses for _ in range(2)]
        events.close()
    for found, expected in zip(losses["fast_1"], losses["plain"], strict=True):
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_stored_weights_give_the_same_scores(config, data, tmp_path):
    network = build(config).eval()
    folder = save_model(tmp_path / "stored", network.state_dict(), config, step=3)
    loaded = load_model(read_stored_model(folder))
    batch = first_batch(config, data)
    with torch.no_grad():
        scores = [one.class_scores(one(batch), (SIZE, SIZE)) for one in (network, loaded)]
    assert torch.equal(*scores)


def test_a_network_that_draws_no_weights_has_the_same_tensors_and_what_is_no_weight_is_filled(config):
    expected = build(config)
    with uninitialised():
        found = build(config)
    for one, other in zip(found.named_parameters(), expected.named_parameters(), strict=True):
        assert (one[0], one[1].shape, one[1].requires_grad) == (other[0], other[1].shape, other[1].requires_grad)
    assert [name for name, _ in found.named_buffers()] == [name for name, _ in expected.named_buffers()]
    for one, other in zip(found.buffers(), expected.buffers(), strict=True):
        assert torch.equal(one, other)


@pytest.fixture(scope="module")
def many_clips(tmp_path_factory):
    out = tmp_path_factory.mktemp("many")
    write_synthetic("s4", out, 30, seed=1, size=SIZE)
    return out


def test_clips_scored_together_get_the_scores_that_they_get_alone(config, many_clips, name, monkeypatch):
    """Equal where the arithmetic does not depend on the size of a batch; up to its rounding elsewhere."""
    monkeypatch.setattr("model.training.scoring.TIMED", 1)
    network, clips, passed = build(config), AVSBench.configured(config, many_clips, "test"), []
    network.register_forward_pre_hook(lambda _, given: passed.append(len(given[0].names)))
    embed_audio = audio_embedder(network, None)
    together, alone = (
        evaluate(network, clips, protocol_for("s4"), embed_audio, Workers(), CPU, clips_at_once=count)
        for count in (2, 1)
    )
    assert len(alone.clips) == len(clips) > 4
    assert (max(passed) == 2) == (not network.mixes_clips)
    if network.mixes_clips or name == "toy":
        assert (together.clips, together.score) == (alone.clips, alone.score)
    for one, other in zip(together.clips, alone.clips, strict=True):
        assert (one.clip, one.category, one.frames) == (other.clip, other.category, other.frames)
        assert (one.m_j, one.m_f) == pytest.approx((other.m_j, other.m_f), abs=1e-3)
    assert len({one.m_f for one in alone.clips}) == len(clips), "scores must tell clips apart"


def test_what_a_network_does_not_look_at_is_neither_read_nor_fingerprinted(config, data, monkeypatch):
    read = []
    monkeypatch.setattr("model.data.avsbench.read_rgb", lambda path, *_: read.append(path) or _grey())
    AVSBench.configured(config, data, "test")[0]
    assert any("mask_color" in path.name for path in read) == (config.proposer is not None)
    with_maskiges = trial_fingerprint(data, small_config("combo"))
    assert (trial_fingerprint(data, config) == with_maskiges) == (config.proposer is not None)


def _grey():
    return torch.zeros(SIZE, SIZE, 3, dtype=torch.uint8).numpy()


def test_a_model_that_nobody_published_has_nothing_to_import(tmp_path):
    config = small_config("toy")
    with pytest.raises(CheckpointError, match="toy has no official form, as nobody published its weights"):
        import_official(tmp_path / "weights.pth", config, tmp_path / "out")
