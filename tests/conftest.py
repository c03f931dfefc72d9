import os
import resource
import shutil
import subprocess
import sys
from collections import namedtuple
from contextlib import contextmanager
from pathlib import PurePath

import pytest
from xdist.scheduler import LoadScopeScheduling

from orchestrator.cli.app import main
from tests.empty_database import empty_database  # noqa: F401
from tests.servers.ray_head import running_head
from tests.shared_drawings import shared_drawings  # noqa: F401

Said = namedtuple("Said", ["code", "out", "err"])

START_RAY = (
    *("dependent_trials", "doctor", "driver_channel", "earlier_version", "finished_sweep", "gc", "tune_scheduler"),
    *("finished_sweep_in_mlflow", "guides", "lost_mlflow", "model_evaluate", "plan_command", "start_up"),
    *("postgres_server", "profile_of_a_cluster", "rescore", "services_up", "shown_commands", "submitted_sweep"),
)
"""Files whose tests start Ray, which takes all cores, or share one that runs: one process takes them all."""
SHARED = ("head", "sweep")
"""Fixtures that start Ray for a whole session."""
IN_BROWSER = ("exploring", "served_report", "site_in_browser")
"""Files that share a browser, and a site with an MLflow server."""
FORKED = ("data_parallel", "one_reader")
"""Files whose workers come from a fork server, which imports PyTorch for them once."""
TOGETHER = {"Ray": START_RAY, "browser": IN_BROWSER, "fork server": FORKED}
SCOPES = {f"test_{name}.py": scope for scope, names in TOGETHER.items() for name in names}
LONG = {"faults", "model", "site", "test_lint.py", "training", "weights"}
"""Files that take up to a minute, or their folders; begun last, one would keep one process busy and the others idle."""
HOSTS = "127.0.0.1 localhost lab.example.org\n"
PREPARED = 'ip link set lo up && mount --bind "$0" /etc/hosts && mount -t tmpfs -o mode=755 tmpfs /srv && exec "$@"'


class ByFile(LoadScopeScheduling):
    """Gives each of several processes whole files, in the order in which they were collected."""

    def _split_scope(self, nodeid):
        file = PurePath(nodeid.partition("::")[0])
        return SCOPES.get(file.name, str(file))


@pytest.hookimpl(optionalhook=True)
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
    for item in items:
        if SCOPES.get(item.path.name) != "Ray" and any(_is_for_the_session(item, name) for name in SHARED):
            raise pytest.UsageError(f"{item.path}: shares Ray with others: name it in START_RAY of tests/conftest.py")
    if hasattr(config, "workerinput"):
        items.sort(
            key=lambda item: (SCOPES.get(item.path.name) != "Ray", not LONG & {item.path.name, item.path.parent.name})
        )


def _is_for_the_session(item, name):
    definitions = item._fixtureinfo.name2fixturedefs.get(name, ())
    return bool(definitions) and definitions[-1].scope == "session"


@pytest.fixture(scope="session")
def head():
    """A Ray cluster for sweeps that kill nothing, and for those that are submitted to one."""
    with running_head() as started:
        yield started


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


@pytest.fixture(scope="session")
def machine_of_its_own(tmp_path_factory):
    """Words that start a command where all ports are free, /srv is empty and lab.example.org is this machine."""
    if missing := [program for program in ("unshare", "ip", "mount") if not shutil.which(program)]:
        pytest.skip(f"not installed here: {', '.join(missing)} (Debian: util-linux, iproute2)")
    hosts = tmp_path_factory.mktemp("machine") / "hosts"
    hosts.write_text(HOSTS)
    alone = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]  # nothing outlives the shell
    words = ["unshare", *alone, "sh", "-c", PREPARED, str(hosts)]
    tried = subprocess.run([*words, "true"], capture_output=True, text=True)
    if tried.returncode:
        user = "" if os.geteuid() == 0 else " (it takes root)"
        pytest.skip(f"no network and mounts of one's own here{user}: {tried.stderr.strip()}")
    return words
