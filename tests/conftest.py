import resource
import sys
from collections import namedtuple
from contextlib import contextmanager

import pytest

from orchestrator.cli.app import main

Said = namedtuple("Said", ["code", "out", "err"])


def pytest_collection_modifyitems(config, items):
    """Leaves out what takes minutes, unless `-m` speaks of them; `-m "not slow"` alone does not."""
    if "minutes" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("minutes")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("minutes")]


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs the command line in this process; returns exit code, output and error output."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["combo", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Said(end.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def full_disk():
    """While it lasts, the system refuses to make files larger than so many bytes, as it does on a full disk."""

    @contextmanager
    def limited(room):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
