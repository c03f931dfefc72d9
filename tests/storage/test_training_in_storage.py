"""A trial that is cut off continues wherever it is started again, from what is stored and nothing else."""

import pytest
import torch

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import data_fingerprint
from model.data.synthetic.writer import write_synthetic
from model.training.workers import Workers
from orchestrator.run_config import RunConfig
from orchestrator.store.store import Store
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from orchestrator.trial.updates import Finished, Started
from tests.orchestrator.combo_command import TINY
from tests.orchestrator.driver import Driver


@pytest.fixture(autouse=True)
def one_thread():
    """Several threads per worker wait for each other where others compute as well."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_synthetic("s4", folder, 12, seed=0, size=32)
    return folder


def test_an_attempt_that_was_cut_off_is_continued_elsewhere(storage, data, monkeypatch, tmp_path):
    trial = expand(load_experiment(str(TINY)))[0].on_data(data_fingerprint(data, "s4"))
    context = RunContext(storage=storage, data=data, commit=None, config=RunConfig(checkpoint_every=1))
    driver = Driver()
    reports = run_trial(trial, context, Workers(), driver)
    next(reports)
    reports.close()
    monkeypatch.setenv("COMBO_CACHE", str(tmp_path / "another node"))
    list(run_trial(trial, context, Workers(), driver))

    begun = [update for update in driver.told if isinstance(update, Started)]
    assert [update.attempt for update in begun] == [1, 2]
    assert begun[1].step == 2
    store = Store(storage.for_worker())
    folder = store.trial(trial.key)
    checkpoint = folder.fetch_tested_checkpoint()
    assert (checkpoint / "model.safetensors").exists()
    assert driver.told[-1] == Finished(trial.key, folder.result)
    assert [name.rpartition("/")[2] for name in storage.names(f"{folder.name}/metrics")] == [
        "attempt-1.jsonl",
        "attempt-2.jsonl",
    ]
