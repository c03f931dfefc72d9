"""What training does beside its steps: losses read later, checkpoints written by a thread, batches made ahead."""

import logging
import threading

import pytest
import torch
from safetensors.torch import load_file
from tiny_trials import losses_by_step, run_fit, tiny_config

from model.combo.criterion import SetCriterion
from model.training import fit
from model.training import loader_processes as processes
from model.training.background import Background
from model.training.checkpoint import Snapshot
from model.training.events import Checkpointed, Stepped
from model.training.loader_processes import loader_processes
from model.training.workers import Workers
from model.weights.folder import damaged_file

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("bad", [5, 6], ids=["between checkpoints", "before one"])
def test_a_step_that_is_not_finite_is_named_and_stored_nowhere(bad, light_data, tmp_path, monkeypatch):
    weighted_sum, calls = SetCriterion.weighted_sum, []

    def broken(criterion, losses):
        calls.append(losses)
        return weighted_sum(criterion, losses) * (float("nan") if len(calls) == bad else 1.0)

    monkeypatch.setattr(SetCriterion, "weighted_sum", broken)
    with pytest.raises(FloatingPointError, match=rf"loss is not finite at step {bad}: total is nan$"):
        list(run_fit(tiny_config(), light_data, tmp_path))
    assert sorted(path.name for path in tmp_path.glob("step-*")) == ["step-00000003"]
    assert not [path for path in tmp_path.iterdir() if damaged_file(path)]


def test_the_step_before_an_error_is_told(light_data, tmp_path, monkeypatch):
    batches = fit.training_batches

    def breaking(*place, **settings):
        made = batches(*place, **settings)
        yield next(made)
        yield next(made)
        raise OSError("the disk is gone")

    monkeypatch.setattr(fit, "training_batches", breaking)
    events = []
    with pytest.raises(OSError, match="the disk is gone"):
        events.extend(run_fit(tiny_config(), light_data, tmp_path))
    assert list(losses_by_step(events)) == [1, 2]


def test_training_goes_on_while_a_checkpoint_is_written(light_data, tmp_path):
    """The thread that writes is held up until the next step has been told."""
    told = threading.Event()
    held, events = [], []
    config = tiny_config({"training.iterations": 6, "training.evaluate_every": 6})
    for event in run_fit(config, light_data, tmp_path, on_checkpoint=lambda: held.append(told.wait(60))):
        events.append(event)
        if isinstance(event, Stepped) and event.step == 4:
            told.set()
    assert held == [True, True]
    order = [(type(event), event.step) for event in events if isinstance(event, Stepped | Checkpointed)]
    assert [step for kind, step in order if kind is Checkpointed] == [3, 6]
    assert order.index((Checkpointed, 3)) > order.index((Stepped, 4))


def test_a_snapshot_holds_what_the_weights_were(tmp_path):
    model = torch.nn.Linear(3, 2)
    expected = model.weight.detach().clone()
    snapshot = Snapshot(tmp_path / "stored", {"model.safetensors": model.state_dict()}, {})
    torch.nn.init.zeros_(model.weight)
    assert torch.equal(load_file(snapshot.write() / "model.safetensors")["weight"], expected)


def test_a_checkpoint_that_cannot_be_written_ends_training(light_data, tmp_path):
    def full():
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        list(run_fit(tiny_config(), light_data, tmp_path, on_checkpoint=full))


def test_an_error_that_nobody_asked_for_is_logged(caplog):
    work = Background("test")
    work.start(lambda: 1 // 0)
    with caplog.at_level(logging.WARNING):
        work.close()
    assert "ZeroDivisionError" in caplog.text


def test_loader_processes_where_there_is_room_for_them(monkeypatch):
    config = tiny_config()
    assert loader_processes(None, config, CPU, Workers()) == 0
    assert loader_processes(7, config, CPU, Workers()) == loader_processes(7, config, GPU, Workers()) == 7
    monkeypatch.setattr(processes, "_cpus", lambda: 16)
    monkeypatch.setattr(processes, "_batches_that_fit", lambda _: 1000)
    assert loader_processes(None, config, GPU, Workers()) == 4
    assert loader_processes(None, config, GPU, Workers(0, 8)) == 2
    monkeypatch.setattr(processes, "_batches_that_fit", lambda _: 8)
    assert loader_processes(None, config, GPU, Workers()) == 2
    monkeypatch.setattr(processes, "_batches_that_fit", lambda _: 1)
    assert loader_processes(None, config, GPU, Workers()) == 0
