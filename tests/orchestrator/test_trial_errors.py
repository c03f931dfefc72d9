"""What trials raise reaches the driver as text: a file that somebody else left in its place is never unpickled."""

import pickle
from pathlib import Path

import pytest
import ray.exceptions
from combo_command import TINY
from ray.train.v2.api.exceptions import WorkerGroupError
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.result_grid import ResultGrid

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.sweep.attempt_endings import AttemptEndings
from orchestrator.sweep.carried_trial import CarriedTrial
from orchestrator.sweep.trial_errors import main_cause, sending_failure
from orchestrator.sweep.trial_scheduler import TrialScheduler
from orchestrator.trial.leases import LeaseTakenError, LeaseWatch
from tests.search.search_files import FINGERPRINT

TAKEN = LeaseTakenError("another run has the trial")
CONTACT_LOST = RuntimeError("Connection closed by peer [192.0.2.2]:28654")


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


class DriverChannel:
    """Both ends of the channel between a trial and its driver, in one process."""

    def __init__(self):
        self.told, self.failures = [], {}

    def send(self, update):
        self.told.append(update)

    def send_failure(self, key, failure):
        self.failures[key] = failure

    def failure(self, key):
        return self.failures.pop(key, None)


class ErrorFile:
    """A trial as Tune has it once it has written what the trial raised, in a folder that others may write to."""

    def __init__(self, trial, folder):
        self.config, self.local_path = {"trial": CarriedTrial(trial), "attempt": 1}, str(folder)
        self.run_metadata = type("Metadata", (), {"pickled_error_filename": "error.pkl", "error_filename": "error.txt"})
        self.status, self.storage = TuneTrial.ERROR, None

    pickled_error_file = TuneTrial.pickled_error_file
    get_pickled_error = TuneTrial.get_pickled_error

    def get_error(self):
        return "as text"


def test_an_error_file_that_somebody_replaced_is_read_by_nobody(tmp_path):
    trial = expand(load_experiment(str(TINY)))[0].on_data(FINGERPRINT)
    storage = FolderStorage(tmp_path / "storage")
    scheduler = TrialScheduler([trial], Store(storage), LeaseWatch(storage), 0)
    assert scheduler.next(1, 1) == trial
    channel, shared, mark = DriverChannel(), tmp_path / "shared", tmp_path / "mark"
    shared.mkdir()
    (shared / "error.pkl").write_bytes(pickle.dumps(Trap(mark)))

    with pytest.raises(ZeroDivisionError), sending_failure(channel, trial.key, 1):
        raise ZeroDivisionError("of ours")
    failed = ErrorFile(trial, shared)
    AttemptEndings(scheduler, storage, channel).on_trial_error(1, [], failed)

    assert not mark.exists()
    assert ResultGrid._populate_exception(failed) == "as text"
    recorded = Store(storage).trial(trial.key).failure
    assert (recorded.category, recorded.kind, recorded.message) == ("exception", "ZeroDivisionError", "of ours")
    assert channel.told[-1].failure == recorded


@pytest.mark.parametrize(
    ("errors", "cause"),
    [
        ([CONTACT_LOST, TAKEN], TAKEN),
        ([RuntimeError("x"), ray.exceptions.ActorDiedError()], ray.exceptions.ActorDiedError),
        ([FloatingPointError("loss is not finite")], FloatingPointError),
    ],
)
def test_of_the_errors_of_a_worker_group_the_one_counts_that_the_others_follow_from(errors, cause):
    raised = WorkerGroupError("several", dict(enumerate(errors)))

    found = main_cause(raised)

    assert found in errors
    assert found is cause or type(found) is cause
