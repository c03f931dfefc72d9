"""What a sweep asks of Ray Tune's scheduler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_no_actor_is_started_in_vain_where_trials_are_shorter_than_its_start(head, tmp_path):
    program = Path(__file__).with_name("short_trials.py")
    environment = {**os.environ, **head.environment, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, program, tmp_path], capture_output=True, text=True, env=environment)

    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == ["2"]
