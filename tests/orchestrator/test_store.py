import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from combo_command import TINY

from experiments.atomic_write import write_atomic
from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import FailureRecord
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store

FAILURE = FailureRecord(attempt=1, kind="DataError", message="unreadable", time="2026-11-20T00:00:00+00:00")
WRITER = """
import sys
from pathlib import Path
from experiments.atomic_write import write_atomic
contents = [letter * 3_000_000 for letter in "ab"]
print("ready", flush=True)
while True:
    for content in contents:
        write_atomic(Path(sys.argv[1]), content)
"""


@pytest.fixture
def trial():
    return expand(load_experiment(str(TINY)))[0]


@pytest.fixture
def folder(tmp_path, trial):
    return Store(FolderStorage(tmp_path)).trial(trial.key)


def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new_content(tmp_path):
    path = tmp_path / "document"
    write_atomic(path, "a" * 3_000_000)
    chance = random.Random(0)
    for _ in range(15):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.03))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = path.read_text()
        assert len(content) == 3_000_000
        assert len(set(content)) == 1


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "document").mkdir()

    with pytest.raises(OSError, match="directory"):
        write_atomic(tmp_path / "document", "content")
    assert [path.name for path in tmp_path.iterdir()] == ["document"]


def test_beginning_stores_the_identity_once(folder, trial):
    folder.begin(trial)
    written = (folder.path / "trial.json").stat().st_mtime_ns
    folder.begin(trial)

    assert (folder.path / "trial.json").stat().st_mtime_ns == written
    assert folder.check_identity(trial)


def test_a_folder_of_another_trial_is_refused(folder, trial):
    other = expand(load_experiment(str(TINY)))[1]
    folder.begin(trial)

    with pytest.raises(InputError, match=f"holds another trial than its name says \\({trial.key}\\)"):
        folder.begin(other)


def test_a_document_written_by_another_version_is_refused(folder, trial):
    folder.begin(trial)
    path = folder.path / "trial.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "blue"}))

    with pytest.raises(InputError, match="is damaged: colour Extra inputs are not permitted"):
        folder.check_identity(trial)


def test_a_new_attempt_forgets_how_the_last_one_failed(folder, trial):
    folder.write_failure(FAILURE)
    assert folder.failure == FAILURE

    folder.begin(trial)
    assert folder.failure is None


def test_a_half_written_checkpoint_is_no_checkpoint(folder):
    (folder.checkpoints / "step-00000002.partial").mkdir(parents=True)
    assert not folder.has_checkpoint

    (folder.checkpoints / "step-00000002").mkdir()
    assert folder.has_checkpoint


def test_what_training_states_refer_to_is_stored_before_them(tmp_path, trial):
    stored = []

    class Noting(FolderStorage):
        def publish(self, name):
            stored.append(name.rpartition("/")[2])

    folder = Store(Noting(tmp_path)).trial(trial.key)
    names = ["frozen-0123456789abcdef", "best-00000001", "step-00000002"]
    for name in (*names, "frozen-of-others"):
        (folder.path / "checkpoints" / name).mkdir(parents=True)
    folder.publish_checkpoints()
    assert stored == names
