import shutil
import sys
from collections import namedtuple

import pytest

from orchestrator.cli.app import main

Said = namedtuple("Said", ["code", "out", "err"])


@pytest.fixture
def combo(tmp_path, monkeypatch, capsys):
    """The command line in an own folder; what it printed, and its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMBO_STORAGE", "storage")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["combo", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Said(end.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def roomy_path(tmp_path):
    """A folder for hundreds of megabytes, gone after the test."""
    folder = tmp_path / "roomy"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)
