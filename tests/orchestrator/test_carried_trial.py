"""What Ray Tune copies, keeps and sends of a trial."""

import copy
import json

import pytest
from ray import cloudpickle
from ray.tune.utils.serialization import TuneFunctionEncoder

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.sweep.carried_trial import CarriedTrial


@pytest.fixture(scope="module")
def trial():
    return expand(load_experiment("combo/table7", "demo"))[0]


def test_the_whole_trial_travels_between_processes(trial):
    sent = cloudpickle.loads(cloudpickle.dumps({"trial": CarriedTrial(trial)}))

    assert sent["trial"].trial == trial


def test_tune_keeps_no_more_than_its_key(trial):
    configuration = {"trial": CarriedTrial(trial), "attempt": 1}
    kept = json.dumps(copy.deepcopy(configuration), cls=TuneFunctionEncoder)

    assert json.loads(kept) == {"trial": trial.key, "attempt": 1}
    assert copy.deepcopy(configuration)["trial"].trial is trial
