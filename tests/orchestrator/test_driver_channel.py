"""Updates reach the driver while a sweep runs, also where the process of the channel takes long to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_an_actor_that_starts_slowly_is_waited_for_and_no_update_is_lost():
    program = Path(__file__).with_name("slow_channel.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_OVERRIDE_RESOURCES": '{"CPU": 1}'}
    said = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=180, env=environment)

    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == [str(number) for number in range(50)]
