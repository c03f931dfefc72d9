"""The code passes what `make lint` runs: style, types and the rooms' import rules."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.shown_commands import ROOT

PROGRAMS = Path(sys.executable).parent
RECIPE = re.search(r"^lint:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
COMMANDS = re.findall(r"^\t\$\(BIN\)/(.+)$", RECIPE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_passes(command):
    program, *words = command.split()
    run = subprocess.run([PROGRAMS / program, *words], cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
