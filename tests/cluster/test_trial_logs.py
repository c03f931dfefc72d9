"""`combo logs` tells what happened to a trial, from storage alone."""

import json
import logging

import pytest

from experiments.presets import resolve_preset
from experiments.records import QuarantineLine
from experiments.trial import Trial
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.failures import failure_record
from orchestrator.trial.leases import AttemptLease
from orchestrator.trial.trial_history import attempt_lines
from orchestrator.trial.trial_log import MOST_BYTES, kept_log


@pytest.fixture
def storage(tmp_path):
    return FolderStorage(tmp_path / "storage")


@pytest.fixture
def failed(storage):
    """The key of a trial whose first attempt was lost, and whose second one failed."""
    trial = Trial("x", "only", "s4", 0, 1, resolve_preset("combo_demo", "s4"))
    folder = Store(storage).trial(trial.key)
    folder.begin(trial)
    AttemptLease(storage, trial.key, 1, 1, "cpu")
    second = AttemptLease(storage, trial.key, 2, 2, "cuda")
    lines = [
        {"kind": "step", "attempt": 2, "step": 1, "time": 1_700_000_000, "values": {"loss": 1}},
        {"kind": "evaluation", "attempt": 2, "step": 2, "time": 1_700_000_020, "values": {"m_j": 0.5, "m_f": 0.25}},
        {"kind": "step", "attempt": 2, "step": 3, "time": 1_700_000_030, "values": {"loss": 1}},
    ]
    metrics = folder.metrics_file(2)
    metrics.parent.mkdir(parents=True)
    metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    folder.add_quarantined(QuarantineLine(attempt=2, split="train", clip="a\x1b[31mclip", reason="frame 3 is damaged"))
    (folder.path / "logs").mkdir()
    folder.log_file(2).write_text(
        "2023-11-14T22:13:30Z WARNING model.training: a checkpoint is damaged\n  because it is\n"
        "2023-11-14T22:13:50Z WARNING model.training: later\n"
    )
    error = RuntimeError("the whole of a long message, " * 20)
    folder.write_failure(failure_record(2, error))
    second.end("failed")
    return trial.key


def test_the_story_of_a_trial_is_told_in_order(command, storage, failed):
    said = command("logs", failed, "--storage", storage.root)
    lines = said.out.splitlines()

    def at(words):
        return next(place for place, line in enumerate(lines) if words in line)

    assert said.code == 0, said.err
    order = [
        "attempt 1 began",
        "attempt 2 began",
        "is damaged",
        "because it is",
        "step 2: validation M_J 50.00",
        "later",
    ]
    assert [at(words) for words in order] == sorted(at(words) for words in order)
    assert "2 workers on cuda" in said.out
    assert at("attempt 2 ended") > at("later")
    assert "failed at step 3" in lines[at("attempt 2 ended")]


def test_a_failure_is_told_whole_and_hostile_names_command_nothing(command, storage, failed):
    said = command("logs", failed, "--storage", storage.root)

    assert ("the whole of a long message, " * 20).strip() in said.out
    assert "train clip a\\x1b[31mclip is quarantined: frame 3 is damaged" in said.out
    assert "\x1b[31m" not in said.out


def test_what_is_told_of_an_attempt_only_grows(storage, failed):
    folder = Store(storage).trial(failed)
    before = set(attempt_lines(folder))
    with folder.metrics_file(2).open("a") as file:
        file.write(
            json.dumps({"kind": "evaluation", "attempt": 2, "step": 3, "time": 1_700_000_040, "values": {}}) + "\n"
        )

    assert before - set(attempt_lines(folder)) == set()


def test_a_trial_that_is_not_there_is_refused(command, tmp_path):
    said = command("logs", "0123456789abcdef", "--storage", tmp_path / "storage")

    assert said.code == 2
    assert "0123456789abcdef" in said.err
    assert not (tmp_path / "storage").exists()


def test_warnings_are_kept_without_secrets_and_with_their_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobodyssecret")
    log = logging.getLogger("model.training.checkpoint")
    with kept_log(tmp_path / "attempt-1.log"):
        log.warning("the server said no to nobodyssecret at https://me:pass-word@server")
        try:
            raise ValueError("nobodyssecret again")
        except ValueError:
            logging.getLogger("orchestrator.trial.run_trial").exception("it failed")
        logging.getLogger("ray").warning("not ours")
    log.warning("nobody listens any more")
    kept = (tmp_path / "attempt-1.log").read_text()

    assert "WARNING model.training.checkpoint: the server said no to *** at https://***@server" in kept
    assert "ValueError: *** again" in kept
    assert "nobodyssecret" not in kept
    assert "ours" not in kept
    assert "any more" not in kept


def test_an_attempt_with_nothing_to_say_leaves_no_log(tmp_path):
    with kept_log(tmp_path / "attempt-1.log"):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_log_stops_growing_and_says_so(tmp_path):
    path = tmp_path / "attempt-1.log"
    with kept_log(path):
        for _ in range(30):
            logging.getLogger("model").warning("x" * (MOST_BYTES // 20))

    assert path.stat().st_size < 1.1 * MOST_BYTES
    assert path.read_text().splitlines()[-1].endswith("the log is full, further lines are dropped")


def test_a_full_disk_ends_no_trial(tmp_path, full_disk):
    with full_disk(10), kept_log(tmp_path / "attempt-1.log"):
        logging.getLogger("model").warning("more than ten characters")
