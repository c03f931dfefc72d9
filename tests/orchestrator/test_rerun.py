"""`combo run --rerun`: what a trial has is set aside whole, and the trial begins anew."""

import pytest
from combo_command import TINY
from driver import Driver

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import AttemptRecord, ResultRecord
from model.training.workers import Workers
from model.weights.folder import file_checksum
from orchestrator.planning.plan import make_plan, trials_on_data
from orchestrator.planning.reused_code import reused_code
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.earlier_attempts import set_aside
from orchestrator.store.store import Store
from orchestrator.store.stored_documents import record_bytes
from orchestrator.trial.leases import AttemptLease
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial
from reports.stored.stored_trial import read_stored_trial
from reports.verifying.trial_checks import check_trial
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment

TRIAL, OTHER = (trial.on_data(FINGERPRINT) for trial in expand(make_experiment())[:2])


@pytest.fixture
def finished(tmp_path):
    """A storage with a trial whose second attempt finished it."""
    fake = Storage(tmp_path / "storage")
    fake.finish(TRIAL, 0.7, 0.8, attempts=2)
    storage = FolderStorage(fake.root)
    for number in (1, 2):
        record = AttemptRecord(
            attempt=number, host="here", process="", workers=1, device="cpu", started="", ended="finished"
        )
        storage.write(f"trials/{TRIAL.key}/attempts/{number}.json", record_bytes(record))
    storage.write(f"trials/{TRIAL.key}/reproductions/1.json", b"of this result")
    return Store(storage)


def _files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_that_a_trial_has_is_kept_and_the_trial_is_new(finished):
    folder = finished.trial(TRIAL.key)
    before = _files(folder.path)
    set_aside(folder)

    after = _files(folder.path)
    stays = {name for name in before if name.startswith("attempts/")} | {"trial.json"}
    assert {name for name in after if not name.startswith("earlier/")} == stays
    assert {name.removeprefix("earlier/2/"): content for name, content in after.items() if name not in stays} == {
        name: content for name, content in before.items() if name not in stays
    }
    (entry,) = make_plan("sweep", [TRIAL], finished).entries
    assert (entry.state, entry.attempts) == ("new", 2)


def test_an_interrupted_rerun_is_completed_by_the_next(finished, monkeypatch):
    folder, moves = finished.trial(TRIAL.key), []
    before = set(_files(folder.path))
    move = type(finished.storage).move

    def third_fails(storage, name, to):
        moves.append(name)
        if len(moves) == 3:
            raise OSError("killed here")
        move(storage, name, to)

    monkeypatch.setattr(type(finished.storage), "move", third_fails)
    with pytest.raises(OSError, match="killed here"):
        set_aside(folder)
    plan = make_plan("sweep", [TRIAL, OTHER], finished)
    assert (plan.entries[0].state, plan.begun) == ("new", [TRIAL])
    for trial in plan.begun:
        set_aside(finished.trial(trial.key))
    kept = {name.removeprefix("earlier/2/") for name in _files(folder.path)}
    assert kept == before
    assert not folder.checkpoints.exists()


def test_trials_of_other_commits_are_told(finished):
    plan = make_plan("sweep", [TRIAL, OTHER], finished)

    assert reused_code(plan, finished, "c0ffee1") == ""
    for other in ("0ddba11", "c0ffee1+dirty.1a2b3c4d"):
        told = reused_code(plan, finished, other)
        assert told.startswith(f"1 trial was trained by other code than this, {other}: 1 by c0ffee1")


def test_the_command_changes_nothing_while_a_trial_runs(command, data, tmp_path):
    storage = FolderStorage(tmp_path / "storage")
    trials = trials_on_data([load_experiment(str(TINY))], data)
    for trial in trials:
        Store(storage).trial(trial.key).begin(trial)
    AttemptLease(storage, trials[1].key, 1, 1, "cpu")  # of this process, which lives
    before = _files(storage.root)
    said = command("run", TINY, "--rerun", "--storage", storage.root, "--data", data)

    assert said.code == 2
    assert said.err.startswith(f"error: trial {trials[1].key}: runs now")
    assert _files(storage.root) == before


@pytest.mark.usefixtures("one_thread")
def test_a_trial_that_began_anew_has_a_result_of_its_own(data, tmp_path):
    """With the code that made each, and without a trace of the earlier attempts in its metrics."""
    (trial, *_), store = trials_on_data([load_experiment(str(TINY))], data), Store(FolderStorage(tmp_path / "storage"))
    folder = store.trial(trial.key)

    def train(commit, patch):
        context = RunContext(
            storage=store.storage, data=data, commit=commit, config=RunConfig(checkpoint_every=2), patch=patch
        )
        for _ in run_trial(trial, context, Workers(), Driver()):
            pass
        return folder.result

    first = train("c0ffee1", "")
    set_aside(folder)
    second = train("0ddba11+dirty", "+lr = 1\n")

    assert (first.provenance.attempts, second.provenance.attempts) == (1, 2)
    assert [folder.metrics_file(number).exists() for number in (1, 2)] == [False, True]
    assert [attempt.commit for attempt in folder.intact_attempts()] == ["c0ffee1", "0ddba11+dirty"]
    assert [path.name for path in (folder.path / "code").iterdir()] == ["attempt-2.patch"]
    assert (folder.path / "code/attempt-2.patch").read_text() == "+lr = 1\n"
    earlier = ResultRecord.model_validate_json((folder.path / "earlier/1/result.json").read_bytes())
    assert earlier == first
    for result, place in ((first, folder.path / "earlier/1"), (second, folder.path)):
        assert {name: file_checksum(place / name) for name in result.checksums} == result.checksums
    assert check_trial(read_stored_trial(folder.path), lambda _: None).discrepancies == ()
