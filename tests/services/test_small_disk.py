"""The S3 store of `combo up` on a small disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ON_A_DISK = 'mount -t tmpfs -o "size=$0" tmpfs /srv && exec "$@"'


@pytest.fixture
def store(machine_of_its_own):
    """What came of a new store on a disk of a size, each of whose buckets was to take an object of 10 MB."""

    def written(size):
        program = [sys.executable, Path(__file__).with_name("store_alone.py"), "/srv/services"]
        command = [*machine_of_its_own, "sh", "-c", ON_A_DISK, size, *program]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)

    return written


def test_no_bucket_takes_all_the_room(store):
    said = store("400m")

    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == ["combo took an object", "mlflow took an object"]


def test_a_disk_without_room_for_both_is_refused(store):
    said = store("100m")

    assert "/srv/services/objects: its disk has 100 MB free, the store needs 200 MB to begin with" in said.stderr
    assert said.stdout == ""
