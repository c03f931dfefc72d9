"""Copies that belong to one process go with it, however it ends."""

import os
import signal
import subprocess
import sys

from orchestrator.storage.scratch import new_scratch, tie

HOLDER = """
import sys, time
from pathlib import Path
from orchestrator.storage.scratch import new_scratch, tie
class Owner: pass
owner = Owner()
folder = new_scratch(Path(sys.argv[1]))
tie(folder, owner)
(folder / "file").write_text("content")
print(folder, flush=True)
sys.stdin.read()
"""


class Owner:
    pass


def holder(around):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(around)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    return process


def folders(around):
    return [path for path in around.iterdir() if path.is_dir()]


def end(process):
    process.stdin.close()
    process.wait()
    process.stdout.close()


def test_a_folder_goes_with_its_owner(tmp_path):
    owner, folder = Owner(), new_scratch(tmp_path)
    tie(folder, owner)
    (folder / "file").write_text("content")
    del owner

    assert list(tmp_path.iterdir()) == []


def test_a_folder_goes_with_its_process(tmp_path):
    end(holder(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_lives_stays(tmp_path):
    killed, living = holder(tmp_path), holder(tmp_path)
    assert len(folders(tmp_path)) == 2
    os.kill(killed.pid, signal.SIGKILL)
    end(killed)
    assert len(folders(tmp_path)) == 2
    new_scratch(tmp_path)
    assert len(folders(tmp_path)) == 2
    end(living)
    assert len(folders(tmp_path)) == 1


def test_a_forked_process_leaves_the_folder_to_its_parent(tmp_path):
    owner, folder = Owner(), new_scratch(tmp_path)
    tie(folder, owner)
    child = os.fork()
    if child == 0:
        del owner
        os._exit(0)
    os.waitpid(child, 0)

    assert folder.is_dir()


def test_a_worker_has_a_copy_of_its_own_which_goes_with_it(bucket):
    worker = bucket.for_worker()
    worker.write("trials/abc/trial.json", b"{}")
    root = worker.root
    assert (root / "trials/abc/trial.json").exists()
    assert root != bucket.root
    assert worker.cache == bucket.cache
    del worker

    assert not root.exists()
