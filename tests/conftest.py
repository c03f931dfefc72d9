import resource
import sys
from collections import namedtuple
from contextlib import contextmanager

import pytest

from orchestrator.cli.app import main

Said = namedtuple("Said", ["code", "out", "err"])


COSTLY = ("sweep", "head", "undisturbed", "undisturbed_pair")
"""Session fixtures that take half a minute: all tests that use one run in the same process, which makes it once."""


def pytest_collection_modifyitems(config, items):
    """Leaves out what takes minutes, unless `-m` speaks of them; `-m "not slow"` alone does not.

    Of several processes (`-n`), each takes whole files, those that start Ray first, so that none waits for them at the
    end.
    """
    if "minutes" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("minutes")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("minutes")]
    if config.getoption("numprocesses", None):
        slow = {_group(item) for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: _group(item) not in slow)
        for item in items:
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item):
    return next((name for name in COSTLY if name in item.fixturenames), item.path.name)


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
