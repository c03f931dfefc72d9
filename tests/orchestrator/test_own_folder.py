"""What a run keeps of Ray goes with it, and what killed runs left is removed by the next one, and nothing else."""

import os
import subprocess
import sys
import tempfile

import pytest

from orchestrator.sweep.own_folder import own_folder
from orchestrator.trial.process_identity import this_process

HOLDER = """
import sys
from orchestrator.sweep.own_folder import own_folder
with own_folder() as folder:
    (folder / "ray").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary folder for this process and those that it starts; its path is as short as ours must be."""
    monkeypatch.setattr("orchestrator.sweep.own_folder.LONGEST_PLACE", 200)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(temporary):
    """Starts a process that holds such a folder; returns both."""
    started = []

    def start():
        code = f"import orchestrator.sweep.own_folder as o; o.LONGEST_PLACE = 200\n{HOLDER}"
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | {"TMPDIR": str(temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, temporary / process.stdout.readline().strip()

    yield start
    for process in started:
        process.communicate()


def test_f24_what_a_killed_run_left_is_removed_by_the_next_and_what_lives_stays(temporary, holder):
    (killed, left), (_, living) = holder(), holder()
    killed.kill()
    killed.wait()
    assert left.is_dir()
    with own_folder() as ours:
        assert set(temporary.iterdir()) == {ours, living}

    assert set(temporary.iterdir()) == {living}


def test_what_cannot_be_known_to_be_a_killed_run_s_is_not_touched(temporary, tmp_path_factory):
    dead = this_process().rpartition("/")[0] + "/1"  # this process's number, begun at another time
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "process").write_text(dead)
    (temporary / "combo-link").symlink_to(elsewhere)
    (temporary / "combo-file").touch()
    for name, identity in {"unsaid": None, "odd": "whose?", "other-machine": f"x{dead}"}.items():
        (temporary / f"combo-{name}").mkdir()
        if identity is not None:
            (temporary / f"combo-{name}/process").write_text(identity)
    (temporary / "mine").mkdir()
    (temporary / "mine/process").write_text(dead)
    before = set(temporary.iterdir())
    (temporary / "combo-dead").mkdir()
    (temporary / "combo-dead/process").write_text(dead)
    with own_folder():
        pass

    assert set(temporary.iterdir()) == before
    assert (elsewhere / "process").exists()


def test_folders_of_other_users_are_not_touched(temporary, monkeypatch):
    (temporary / "combo-theirs").mkdir()
    (temporary / "combo-theirs/process").write_text(this_process().rpartition("/")[0] + "/1")
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    with own_folder():
        pass

    assert (temporary / "combo-theirs").is_dir()
