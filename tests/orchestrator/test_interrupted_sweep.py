"""One sweep that is interrupted by Ctrl-C, then loses its driver to kill -9, then completes: nothing is lost."""

import json
import os
import signal
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from combo_command import TINY, Combo, wait_until
from driver import Driver
from mlflow_runs import Runs

from experiments.load_experiment import load_experiment
from experiments.records import MetricLine
from model.training.workers import Workers
from orchestrator.planning.plan import trials_on_data
from orchestrator.run_config import RunConfig
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from orchestrator.trial.leases import read_attempt
from orchestrator.trial.run_context import RunContext
from orchestrator.trial.run_trial import run_trial

pytestmark = [pytest.mark.slow, pytest.mark.minutes]
LENGTH = {"training.iterations": 40, "training.evaluate_every": 20}
WORDS = (TINY, "--scale", "long", *(f"{name}={value}" for name, value in LENGTH.items()))
EVERY = 5
STEPS = list(range(1, 41))


@dataclass
class Abused:
    """What was seen on the way; trials in the order of the experiment."""

    combo: Combo
    trials: list
    outputs: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    interrupt_seconds: float = 0.0
    runs: list[Runs] = field(default_factory=list)
    finished_at: dict[str, int] = field(default_factory=dict)
    """When each result was written that the killed driver left, by key."""
    listening: set[str] = field(default_factory=set)
    """Addresses at which its processes took connections."""
    modes: dict[str, int] = field(default_factory=dict)
    """Of Ray's token and of the folder around Ray's files."""

    def result_times(self):
        results = self.combo.storage.glob("trials/*/result.json")
        return {path.parent.name: path.stat().st_mtime_ns for path in results}

    def start(self):
        return self.combo.start("run", *WORDS, "--checkpoint-every", EVERY)

    def end(self, process):
        """Waits for a run and keeps what it has shown."""
        out, err = process.communicate(timeout=120)
        self.outputs.append(out + err)
        self.codes.append(process.returncode)
        self.runs.append(Runs(self.combo.storage))


@pytest.fixture(scope="module")
def abused(tmp_path_factory, data):
    combo = Combo(tmp_path_factory.mktemp("abused"), data)
    keys = [trial["key"] for trial in json.loads(combo("status", *WORDS, "--json").stdout)["trials"]]
    abused = Abused(combo, [Store(FolderStorage(combo.storage)).trial(key) for key in keys])
    first, second, third = abused.trials

    interrupted = abused.start()
    wait_until(lambda: first.has_checkpoint and second.has_checkpoint)
    abused.listening, abused.modes = _listening(combo), _modes(combo)
    began = time.monotonic()
    os.killpg(interrupted.pid, signal.SIGINT)
    interrupted.wait(timeout=60)
    abused.interrupt_seconds = time.monotonic() - began
    abused.end(interrupted)

    killed = abused.start()
    wait_until(lambda: third.has_checkpoint and first.result and second.result, seconds=240)
    killed.kill()
    abused.end(killed)
    abused.finished_at = abused.result_times()
    _lose_what_tune_stored(combo.storage)

    abused.end(abused.start())
    return abused


@pytest.fixture
def undisturbed(tmp_path, data, one_thread):  # noqa: ARG001
    """A plain Python loop over the first and the last trial: no Ray, another storage."""
    store = Store(FolderStorage(tmp_path))
    context = RunContext(storage=store.storage, data=data, commit=None, config=RunConfig(checkpoint_every=1000))
    first, _, third = trials_on_data([load_experiment(str(TINY), "long", LENGTH)], data)
    for trial in (first, third):
        for _ in run_trial(trial, context, Workers(), Driver()):
            pass
    return [store.trial(first.key), store.trial(third.key)]


def _listening(combo):
    found = set()
    for pid in combo.processes():
        with suppress(psutil.Error):
            found |= {place.laddr.ip for place in psutil.Process(pid).net_connections() if place.status == "LISTEN"}
    return found


def _modes(combo):
    """As the processes that Ray started know them."""
    tokens = set()
    for pid in combo.processes():
        with suppress(psutil.Error):
            tokens.add(psutil.Process(pid).environ().get("RAY_AUTH_TOKEN_PATH"))
    (token,) = map(Path, tokens - {None})
    assert (token.parent / "ray").is_dir()
    return {"token": stat.S_IMODE(token.stat().st_mode), "folder": stat.S_IMODE(token.parent.stat().st_mode)}


def _lose_what_tune_stored(storage):
    """Half of the files are cut off, the others are gone."""
    files = sorted(path for path in (storage / "sweeps").rglob("tune/**/*") if path.is_file())
    assert [path for path in files if "experiment_state" in path.name or path.suffix == ".pkl"]
    for place, path in enumerate(files):
        if place % 2:
            path.unlink()
        else:
            os.truncate(path, path.stat().st_size // 2)


def _steps(trial, attempt):
    lines = map(MetricLine.model_validate_json, trial.metrics_file(attempt).read_text().splitlines())
    return [line.step for line in lines if line.kind == "step"]


def _ending(trial, attempt):
    return read_attempt(trial.storage, trial.path.name, attempt).ended


def test_f2_ctrl_c_ends_the_command_soon_with_130_and_the_way_to_go_on(abused):
    assert abused.codes[0] == 130
    assert abused.interrupt_seconds < 30
    assert "interrupted; the same command continues from the checkpoints" in abused.outputs[0]
    assert "Traceback" not in abused.outputs[0]


def test_f2_nobody_else_reaches_the_ray_of_a_sweep_by_network_or_by_files(abused):
    assert {address.removeprefix("::ffff:") for address in abused.listening} == {"127.0.0.1"}
    assert abused.modes == {"token": 0o600, "folder": 0o700}


def test_f2_interrupted_trials_are_killed_in_mlflow(abused):
    runs = abused.runs[0]
    assert {run.info.status for run in runs.nested.values()} == {"KILLED"}
    assert {run.info.status for run in runs.parents} == {"KILLED"}


def test_f2_an_interrupted_trial_writes_a_checkpoint_and_repeats_no_step(abused):
    for trial in abused.trials[:2]:
        assert trial.attempts == 2
        assert _steps(trial, 1) + _steps(trial, 2) == STEPS
        assert len(_steps(trial, 1)) > EVERY
        assert _ending(trial, 1) == "stopped"
    assert "continuing from step" in abused.outputs[1]


def test_f5_the_same_command_completes_a_sweep_that_lost_its_driver_and_what_tune_had_stored(abused):
    assert abused.codes[1:] == [-signal.SIGKILL, 0]
    assert ": 3 trials, 2 finished, 1 to continue, 0 to start" in abused.outputs[2]
    assert "3 of 3 trials finished" in abused.outputs[2]
    third = abused.trials[2]
    assert third.attempts == 2
    assert _steps(third, 2)[0] % EVERY == 1
    assert _steps(third, 2)[0] > EVERY


def test_f2_what_was_finished_is_not_touched_again(abused):
    assert len(abused.finished_at) == 2
    assert abused.finished_at.items() <= abused.result_times().items()


def test_f2_weights_and_scores_equal_those_of_an_undisturbed_run_bit_by_bit(abused, undisturbed):
    for disturbed, plain in zip((abused.trials[0], abused.trials[2]), undisturbed, strict=True):
        assert disturbed.path.name == plain.path.name
        assert disturbed.result.checkpoint == plain.result.checkpoint
        weights = f"{plain.result.checkpoint}/model.safetensors"
        assert disturbed.result.checksums[weights] == plain.result.checksums[weights]
        assert disturbed.result.score == plain.result.score
        assert disturbed.result.validation == plain.result.validation
        last = "checkpoints/step-00000040/model.safetensors"
        assert (disturbed.path / last).read_bytes() == (plain.path / last).read_bytes()


def test_f2_mlflow_keeps_one_run_per_trial_through_all_of_it(abused):
    after_interrupt, _, end = abused.runs
    assert [run.info.run_id for run in end.parents] == [run.info.run_id for run in after_interrupt.parents]
    assert set(end.nested) == {trial.path.name for trial in abused.trials}
    for key, run in after_interrupt.nested.items():
        assert end.nested[key].info.run_id == run.info.run_id
    assert {run.info.status for run in (*end.parents, *end.nested.values())} == {"FINISHED"}


def test_f2_mlflow_has_every_step_although_two_drivers_were_lost(abused):
    end = abused.runs[-1]
    for run in end.nested.values():
        assert sorted(set(end.steps(run, "train/loss_total"))) == STEPS
        assert sorted(set(end.steps(run, "val/m_j_percent"))) == [20, 40]
