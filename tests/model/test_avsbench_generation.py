"""AVSBench with bidirectional generation: what it trains, and that without it AVSBench is what it was."""

import pytest
import torch
from contract import small_config
from test_bigen_settings import labelled_batch
from torch.testing import assert_close

from experiments.errors import InputError
from experiments.presets import resolve_preset
from model.interface import model_of
from model.layers.audio_generation import consistency_loss
from model.weights.parameter_counts import count_parameters


def first_step(task, *, generation=True, **settings):
    """A network in training, its batch, its losses and their weighted sum."""
    config = small_config("avsbench", data__task=task, model__generation=generation, **settings)
    torch.manual_seed(0)
    network, objective = model_of(config).build(config).train(), model_of(config).objective(config)
    batch = labelled_batch(task, torch.Generator().manual_seed(1))
    outputs, supervision = network(batch), objective.supervise(batch, 0)
    losses = objective.losses(outputs, supervision, objective.counts([supervision]))
    return network, outputs, losses, objective.weighted_sum(losses)


@pytest.mark.parametrize("task", ["s4", "ms3"])
def test_gradients_reach_the_projection_and_what_it_sees_but_not_the_audio_encoder(task):
    network, _, losses, _ = first_step(task, model__tpavi__stages=[1], loss__lambda_avm=0)
    losses["consistency"].backward()
    for reached in (network.generation, network.neck[-1], network.backbone):
        assert any(parameter.grad.abs().sum() > 0 for parameter in reached.parameters() if parameter.grad is not None)
    assert all(parameter.grad is not None for parameter in network.generation.parameters())
    # On MS3 the mask is the labelled object's, on S4 the predicted one's.
    moves_the_prediction = network.head[-1].weight.grad is not None
    assert moves_the_prediction == (task == "s4")
    encoder = [parameter.grad for parameter in network.audio_encoder.parameters() if parameter.grad is not None]
    assert bool(encoder) == moves_the_prediction, "sound reaches the prediction, and nothing else here"


@pytest.mark.parametrize("eta", [0.1, 1.0, 1.5])
def test_eta_weighs_the_distance_of_generated_audio_features_from_real_ones(eta):
    _, outputs, losses, total = first_step("ms3", loss__eta=eta)
    expected = consistency_loss(outputs.audio_features, outputs.generated) / 8
    assert_close(losses["consistency"], expected)
    assert_close(total, losses["bce"] + 0.5 * losses["avm"] + eta * expected)


@pytest.mark.parametrize("task", ["s4", "ms3"])
def test_without_it_losses_are_the_same_to_the_bit(task):
    _, _, with_generation, _ = first_step(task)
    network, outputs, without, _ = first_step(task, generation=False)
    assert outputs.generated is None
    assert not [name for name in network.state_dict() if "generation" in name]
    assert without == {name: loss for name, loss in with_generation.items() if name != "consistency"}


def test_nothing_is_generated_but_in_training():
    network, _, _, _ = first_step("s4")
    with torch.no_grad():
        assert network.eval()(labelled_batch("s4", torch.Generator().manual_seed(1))).generated is None


def test_it_is_a_third_of_a_million_parameters_beside_those_of_avsbench():
    sizes = [
        count_parameters(resolve_preset("avsbench_pvt", "s4", {"model.generation": on})).trainable
        for on in (False, True)
    ]
    assert sizes == [101_320_577, 101_320_577 + 256 * 128 + 9 * 128 * 128 + 128 * 128 + 50]


def test_classes_are_not_generated_from():
    with pytest.raises(InputError, match=r"model\.generation is made for data\.task s4 or ms3"):
        resolve_preset("avsbench_r50", "avss", {"model.generation": True})
