"""The job script on a real Slurm of two nodes: it is signalled, preempted, queued again, and finishes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.watched_sweep import WatchedSweep
from tests.orchestrator.combo_command import Combo, wait_until

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "infra" / "slurm"
SWEEP = Path(__file__).with_name("two_trials.yaml")
START_SECONDS = 600
"""In which two Ray nodes and a sweep come up on a machine that is busy with other things."""

pytestmark = [
    pytest.mark.minutes,  # Ray starts three times on two nodes
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Environment in which Slurm's commands reach two nodes on this machine."""
    if missing := [name for name in ("slurmctld", "slurmd", "sbatch", "munged") if not shutil.which(name)]:
        pytest.skip(f"no Slurm here: {', '.join(missing)} not installed (Debian: slurm-wlm, munge)")
    if os.geteuid() != 0:
        pytest.skip("slurmd wants to be root")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([SCRIPTS / "two_nodes.sh", "start", folder], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {name: value for name, value in os.environ.items() if not name.startswith(("COMBO_", "RAY_", "SLURM_"))}
    yield {**own, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf"), "OMP_NUM_THREADS": "1"}
    subprocess.run([SCRIPTS / "two_nodes.sh", "stop", folder], check=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    made = Combo(folder, folder)("data", "synth", "--subset", "s4", "--out", folder, "--clips", 16, "--size", 32)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def sweep(tmp_path_factory, data):
    return WatchedSweep(Combo(tmp_path_factory.mktemp("sweep"), data), SWEEP)


@pytest.fixture(scope="module")
def interrupted(slurm, sweep, data):
    """A sweep that gets the signal before a time limit, then is preempted, then finishes; its log."""

    def say(*words):
        return subprocess.run(words, env=slurm, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    def attempt_of_any(number):
        return any(len(sweep.steps(variant, number)) > 5 for variant in sweep.keys)

    def is_waiting(job):
        return say("squeue", "--noheader", "--format=%T", "--jobs", job) == "PENDING"

    def begin_now(job):
        """Slurm holds a job that is queued again back for two minutes."""
        say("scontrol", "update", f"JobId={job}", "StartTime=now")

    log = sweep.combo.folder / "job.log"
    job = say(
        *("sbatch", "--parsable", "--output", log, SCRIPTS / "sweep.sbatch", SWEEP, "--data", data),
        *("--storage", sweep.combo.storage, "--checkpoint-every", "20"),
    )
    try:
        wait_until(lambda: attempt_of_any(1), START_SECONDS, every=1)
        say("scancel", "--signal=USR1", "--batch", job)
        wait_until(lambda: is_waiting(job), START_SECONDS, every=1)
        begin_now(job)
        wait_until(lambda: attempt_of_any(2), START_SECONDS, every=1)
        say("sbatch", "--partition", "high", "--nodes", "2", "--output", "/dev/null", "--wrap", "sleep 5")
        wait_until(lambda: is_waiting(job), START_SECONDS, every=1)
        begin_now(job)
        wait_until(lambda: not say("squeue", "--noheader"), START_SECONDS, every=1)
    finally:
        subprocess.run(["scancel", job], env=slurm, check=False)
    return log.read_text()


def test_the_job_is_queued_again_and_finishes_the_sweep(interrupted, sweep):
    assert interrupted.count("queued again; the next start continues") == 2
    assert "start 3 of job" in interrupted
    assert [state["state"] for state in sweep.states()] == ["finished", "finished"]


@pytest.mark.usefixtures("interrupted")
def test_every_interrupted_attempt_wrote_a_checkpoint_and_no_step_is_repeated(sweep):
    for variant in sweep.keys:
        attempts = sweep.attempts(variant)
        steps = [step for number in range(1, len(attempts) + 1) for step in sweep.steps(variant, number)]
        assert [attempt.ended for attempt in attempts] == ["preempted"] * (len(attempts) - 1) + ["finished"]
        assert steps == list(range(1, 201))


def test_a_script_that_is_not_submitted_says_so():
    run = subprocess.run([SCRIPTS / "sweep.sbatch", SWEEP], capture_output=True, text=True)

    assert run.returncode == 2
    assert "submit it with sbatch" in run.stderr
