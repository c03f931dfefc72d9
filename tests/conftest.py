import resource
import sys
from collections import namedtuple
from contextlib import contextmanager
from pathlib import PurePath

import pytest
from xdist.scheduler import LoadScopeScheduling

from orchestrator.cli.app import main

Said = namedtuple("Said", ["code", "out", "err"])

START_RAY = (
    *("dependent_trials", "doctor", "earlier_version", "failed_trials", "failure_classes", "finished_sweep", "gc"),
    *("finished_sweep_in_mlflow", "lost_mlflow", "model_evaluate", "plan_command"),
    *("postgres_server", "profile_of_a_cluster", "services_up", "submitted_sweep"),
)
"""Files whose tests start Ray, which takes all cores, or share the sweep that some of them look at."""
LONG = ("faults", "model", "site", "training", "weights")
"""Folders with files that take up to a minute; begun last, one would keep one process busy and the other idle."""
SCOPES = {f"test_{name}.py": "Ray" for name in START_RAY}


class ByFile(LoadScopeScheduling):
    """Gives each of several processes whole files, in the order in which they were collected."""

    def _split_scope(self, nodeid):
        file = PurePath(nodeid.partition("::")[0])
        return SCOPES.get(file.name, str(file))


def pytest_xdist_make_scheduler(config, log):
    """Called where tests run in several processes."""
    return ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    """Leaves out what takes minutes, unless `-m` speaks of them; `-m "not slow"` alone does not.

    Where several processes share the work, the files that start Ray come first and the other long ones next, so that
    none waits for them at the end.
    """
    if "minutes" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("minutes")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("minutes")]
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (item.path.name not in SCOPES, item.path.parent.name not in LONG))


@pytest.fixture(scope="session", autouse=True)
def no_profiles(tmp_path_factory):
    """The profiles of whoever runs the tests must not change what commands do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("COMBO_PROFILE", raising=False)
        yield


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
